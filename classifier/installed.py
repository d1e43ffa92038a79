"""The user's own models beside the shipped ones: where they lie, which is in use, the way back.

One folder per model in a folder of the user's (:func:`home`), each with its checksums and the
record of where it came from, and one file that says which is in use and which were before.
Nothing else of tenderlens writes there. A model enters by one rename, so that a reader sees
all of it or nothing.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from classifier.errors import ModelError

ENVIRONMENT = "TENDERLENS_MODELS"
# Own models kept; the oldest that is neither in use nor the one before it makes room.
KEPT = 5
# Steps back that are remembered.
_REMEMBERED = 20
_ORIGIN, _CHOICE, _STAGING = "origin.json", "active.json", ".new-"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_STALE_SECONDS = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a model of the user's own comes from.

    Attributes:
        base: name of the model it was adapted from, :attr:`base_version` its version.
        made: seconds since 1970 UTC.
        sentences: reviewed sentences it learnt from, of so many :attr:`documents`.
        figures: what was measured before it was installed, by name.
    """

    base: str
    base_version: str
    made: float
    sentences: int
    documents: int
    figures: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Own:
    """A model of the user's own: :attr:`folder` is named like it."""

    folder: Path
    origin: Origin

    @property
    def name(self) -> str:
        return self.folder.name


def home() -> Path:
    """The folder of the user's own models; it need not exist.

    ``TENDERLENS_MODELS``, else ``tenderlens/models`` in ``XDG_DATA_HOME`` (XDG Base Directory
    Specification: an absolute path, by default ``~/.local/share``).
    """
    if chosen := os.environ.get(ENVIRONMENT):
        return Path(chosen).expanduser()
    data = Path(os.environ.get("XDG_DATA_HOME", ""))
    base = data if data.is_absolute() else Path.home() / ".local" / "share"
    return base / "tenderlens" / "models"


def own() -> list[Own]:
    """The user's own models, oldest first. Folders without a readable record are left out."""
    if not (root := home()).is_dir():
        return []
    found = []
    for folder in root.iterdir():
        if _NAME.fullmatch(folder.name) and (origin := _origin(folder)):
            found.append(Own(folder, origin))
    return sorted(found, key=lambda model: (model.origin.made, model.name))


def folder_of(name: str) -> Path | None:
    """The folder of a model of the user's own, if there is one of this name."""
    folder = home() / name
    return folder if _NAME.fullmatch(name) and (folder / _ORIGIN).is_file() else None


def active() -> str | None:
    """Name of the model the user has put in use; None where it is the shipped one.

    Raises:
        ModelError: the file that says so cannot be read.
    """
    history = _history()
    return history[-1] if history else None


def use(name: str) -> None:
    """Put a model in use from now on; the one before is remembered.

    Args:
        name: of a shipped or own model; the caller has seen that it works.
    """
    try:
        history = _history()
    except ModelError:
        # What cannot be read is replaced by what is asked for now.
        history = []
    if not history or history[-1] != name:
        _remember([*history, name])


def rollback(default: str) -> tuple[str, str]:
    """Go back to the model in use before: its name, and the name of the one left.

    Args:
        default: name of the shipped model, which was in use before all others.

    Raises:
        ModelError: no other was in use before.
    """
    history = _history()
    if not history or history == [default]:
        raise ModelError(f"no other model was in use before {default}")
    left = history.pop()
    while history and history[-1] != default and folder_of(history[-1]) is None:
        history.pop()
    _remember(history)
    return (history[-1] if history else default), left


def install(build: Callable[[Path], Origin], stem: str, taken: Sequence[str]) -> tuple[Own, str]:
    """Take a model in under the next free name ``stem-1``, ``stem-2`` …; it is not put in use.

    Args:
        build: writes the model's files, checksums too, into the folder given.
        taken: names it must not have, those of the shipped models.

    Returns:
        The model, and the name of the oldest, which had to make room, or "".

    Raises:
        OSError: nothing can be written there.
    """
    root = home()
    root.mkdir(parents=True, exist_ok=True)
    _sweep(root)
    staging = Path(tempfile.mkdtemp(prefix=_STAGING, dir=root))
    try:
        origin = build(staging)
        content = json.dumps(asdict(origin), ensure_ascii=False, indent=1)
        (staging / _ORIGIN).write_text(content, encoding="utf-8")
        folder = _enter(staging, root, stem, taken)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    return Own(folder, origin), _make_room(folder.name)


def _enter(staging: Path, root: Path, stem: str, taken: Sequence[str]) -> Path:
    """Rename to the first free name; numbers of models that are gone are not given again."""
    used = (re.fullmatch(rf"{re.escape(stem)}-(\d+)", name) for name in _all_names(root))
    number = max((int(match[1]) for match in used if match), default=0)
    while True:
        number += 1
        folder = root / f"{stem}-{number}"
        if folder.name in taken or folder.exists():
            continue
        try:
            # A folder that another process put there meanwhile is not empty and stays.
            return staging.rename(folder)
        except OSError:
            if not folder.exists():
                raise


def _all_names(root: Path) -> list[str]:
    return [path.name for path in root.iterdir()] + _history()


def _make_room(newest: str) -> str:
    models = own()
    spared = {newest, *_history()[-2:]}
    if len(models) <= KEPT:
        return ""
    gone = next((model for model in models if model.name not in spared), None)
    if gone is None:
        return ""
    # Out of sight by one rename, so that nobody meets half a model.
    doomed = Path(tempfile.mkdtemp(prefix=_STAGING, dir=home()))
    gone.folder.rename(doomed / "model")
    shutil.rmtree(doomed, ignore_errors=True)
    return gone.name


def _sweep(root: Path) -> None:
    """Remove what interrupted installations left a day ago and more."""
    for path in root.glob(f"{_STAGING}*"):
        if time.time() - path.stat().st_mtime > _STALE_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def _origin(folder: Path) -> Origin | None:
    try:
        content = json.loads((folder / _ORIGIN).read_text(encoding="utf-8"))
        return Origin(**{name: content[name] for name in Origin.__dataclass_fields__})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _history() -> list[str]:
    """Names of the models put in use, the last one is in use now."""
    file = home() / _CHOICE
    try:
        names = json.loads(file.read_text(encoding="utf-8"))["history"]
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ValueError("not a list of names")
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{file}: does not say which model is in use ({error}); "
            "tenderlens models use standard mends it"
        ) from error
    return names


def _remember(names: Sequence[str]) -> None:
    root = home()
    root.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(prefix=_STAGING, dir=root)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump({"history": list(names[-_REMEMBERED:])}, file, ensure_ascii=False)
    Path(draft).replace(root / _CHOICE)
