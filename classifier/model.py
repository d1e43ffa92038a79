"""A model folder, loaded: sentences in, calibrated labels out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from classifier import context as ctx
from classifier import installed
from classifier.calibration import Calibration
from classifier.errors import ModelError
from classifier.limits import MIB
from classifier.resources import folder
from classifier.screen import SCORER as SCREENING
from classifier.screen import only
from classifier.taxonomy import CATEGORIES, LABELS, QUESTIONS, Orientation, orientation_of

# In use unless the user said otherwise: the shipped model, or one of the user's own.
DEFAULT = "active"
SHIPPED_DEFAULT = "standard"
ONNX_FILE = "onnx/model_int8.onnx"
TOKENIZER_FILE, CONFIG_FILE = "tokenizer.json", "config.json"
LEXICAL_FILE = "lexical.npz"
CALIBRATION_FILE = "calibration.json"
CHECKSUM_FILE = "checksums.json"
# Of one file of a model.
MAX_BYTES = 1024 * MIB


class Scorer(Protocol):
    def logits(self, texts: Sequence[str], contexts: Sequence[str]) -> np.ndarray: ...


@dataclass(frozen=True)
class Predictions:
    """Answers for a list of sentences, in order.

    Attributes:
        probabilities: (sentences, labels) in the order of :data:`classifier.taxonomy.LABELS`.
        orientations: one per sentence.
        categories: codes per sentence, most probable first; they agree with the orientation.
        review: whether a person should look, because a probability lies in the abstention band.
    """

    probabilities: np.ndarray
    orientations: tuple[Orientation, ...]
    categories: tuple[tuple[str, ...], ...]
    review: tuple[bool, ...]

    def __len__(self) -> int:
        return len(self.orientations)

    def probability(self, label: str) -> np.ndarray:
        """Probabilities of one label, ``assistive``, ``control`` or a category code."""
        return self.probabilities[:, LABELS.index(label)]


class Model:
    """The scorers of a model folder and their calibration.

    Attributes:
        version: changes with every file the answers depend on, and with the screen.
        screened: whether sentences that plainly bear no orientation skip the encoder.
    """

    def __init__(
        self,
        name: str,
        version: str,
        scorers: Mapping[str, Scorer],
        calibration: Calibration,
        screened: bool = False,
    ) -> None:
        self.name = name
        self.version = _version(version, screened)
        self.calibration = calibration
        self.scorers = scorers
        self.screened = screened
        if screened and calibration.screen is None:
            raise ModelError(f"model {name}: has no screen")

    @classmethod
    def load(
        cls,
        name_or_path: str | Path = DEFAULT,
        threads: int | None = None,
        screened: bool = False,
        engine: str | None = None,
    ) -> Model:
        """Open the model in use, a shipped or own one by name, or any model folder by path.

        Args:
            threads: CPU threads of the encoder; all of this process's cores by default.
            screened: put the lexical screen in front of the encoder (:mod:`classifier.screen`).
            engine: what computes the encoder (:mod:`classifier.engines`); by default the
                fastest that works on this machine.

        Raises:
            ModelError: there is no such model, its folder is incomplete or changed, it has
                no screen, or the engine does not work here.
        """
        path = find(name_or_path)
        version = verify(path)
        calibration = Calibration.load(path / CALIBRATION_FILE)
        if unknown := set(calibration.scorers) - _LOADERS.keys():
            raise ModelError(f"{path}: calibrated for unknown scorers {', '.join(sorted(unknown))}")
        _check_listed(path, calibration.scorers)
        scorers = {name: _LOADERS[name](path, threads, engine) for name in calibration.scorers}
        return cls(path.name, version, scorers, calibration, screened)

    def predict(
        self, texts: Sequence[str], contexts: Sequence[ctx.Context | None] | None = None
    ) -> Predictions:
        """Classify sentences.

        Args:
            contexts: per sentence ``(section, previous sentence)``, or nothing.

        Raises:
            ValueError: the two lists differ in length.
        """
        if contexts is None:
            contexts = [None] * len(texts)
        if len(contexts) != len(texts):
            raise ValueError(f"{len(texts)} texts but {len(contexts)} contexts")
        return self.predict_prepared(texts, [ctx.from_tuple(context) for context in contexts])

    def predict_prepared(self, texts: Sequence[str], contexts: Sequence[str]) -> Predictions:
        """Like :meth:`predict`, with contexts made by :func:`~classifier.context.context_text`."""
        return decide(self.probabilities(texts, contexts), self.calibration)

    def probabilities(self, texts: Sequence[str], contexts: Sequence[str]) -> np.ndarray:
        """Calibrated, of shape (sentences, labels); contexts as for :meth:`predict_prepared`."""
        # Documents repeat themselves: what is said twice in the same place is computed once.
        place: dict[tuple[str, str], int] = {}
        given = zip(texts, contexts, strict=True)
        rows = [place.setdefault(record, len(place)) for record in given]
        distinct = [text for text, _ in place], [context for _, context in place]
        if self.screened:
            return self._screened_probabilities(*distinct)[rows]
        logits = [scorer.logits(*distinct) for scorer in self.scorers.values()]
        return self.calibration.probabilities(logits)[rows]

    def _screened_probabilities(self, texts: Sequence[str], contexts: Sequence[str]) -> np.ndarray:
        screen = self.calibration.screen
        assert screen is not None
        first = self.scorers[SCREENING].logits(texts, contexts)
        found = screen.probabilities(first)
        seen = screen.passes(found)
        shown = only(texts, seen), only(contexts, seen)
        logits = [
            first[seen] if name == SCREENING else scorer.logits(*shown)
            for name, scorer in self.scorers.items()
        ]
        found[seen] = self.calibration.probabilities(logits)
        return found


def version_of(name_or_path: str | Path, screened: bool = False) -> str:
    """What :attr:`Model.version` will be, without loading the model.

    Raises:
        ModelError: there is no such model, or its folder is incomplete or changed.
    """
    return _version(verify(find(name_or_path)), screened)


def _version(files: str, screened: bool) -> str:
    return f"{files}+screen" if screened else files


def decide(probabilities: np.ndarray, calibration: Calibration) -> Predictions:
    """Turn probabilities into orientations and categories that agree with each other.

    The two questions decide the orientation. A sentence's categories are those
    over their thresholds on the side of its orientation, and at least the most
    probable one of each side that was answered yes.
    """
    given = probabilities >= calibration.thresholds
    orientations, categories, review = [], [], []
    for row, over in zip(probabilities, given, strict=True):
        orientations.append(orientation_of(bool(over[0]), bool(over[1])))
        codes = [
            code
            for question, side in enumerate(_SIDES)
            if over[question]
            for code in _codes(row, over, side)
        ]
        categories.append(tuple(sorted(codes, key=lambda code: -row[LABELS.index(code)])))
        review.append(
            any(low <= row[i] <= high for i, (low, high) in enumerate(calibration.review))
        )
    return Predictions(probabilities, tuple(orientations), tuple(categories), tuple(review))


_SIDES = tuple(
    np.array(
        [
            i
            for i, label in enumerate(LABELS)
            if label in CATEGORIES and CATEGORIES[label].orientation == q
        ]
    )
    for q in QUESTIONS
)


def _codes(row: np.ndarray, over: np.ndarray, side: np.ndarray) -> list[str]:
    chosen = side[over[side]]
    if not len(chosen):
        chosen = side[[int(row[side].argmax())]]
    return [LABELS[i] for i in chosen]


def find(name_or_path: str | Path = DEFAULT) -> Path:
    """The folder of a model: the one in use (:data:`DEFAULT`), by name, or given as a path.

    Shipped names come first, then those of the user's own models
    (:mod:`classifier.installed`), then paths.

    Raises:
        ModelError: there is no such model.
    """
    name = str(name_or_path)
    in_use = name == DEFAULT
    if in_use:
        name = installed.active() or SHIPPED_DEFAULT
    if name in shipped():
        return shipped()[name]
    if own := installed.folder_of(name):
        return own
    if in_use:
        raise ModelError(f"the model in use, {name!r}, is gone: tenderlens models rollback")
    if (Path(name_or_path) / CALIBRATION_FILE).is_file():
        return Path(name_or_path)
    names = ", ".join(sorted(shipped())) or "none"
    own_names = ", ".join(model.name for model in installed.own())
    also = f", your own {own_names}" if own_names else ""
    raise ModelError(f"no model {name!r}: shipped are {names}{also}")


def shipped() -> dict[str, Path]:
    """Folders of the models that came with the installation, by name."""
    return {path.parent.name: path.parent for path in _models().glob(f"*/{CALIBRATION_FILE}")}


def _models() -> Path:
    try:
        return folder("models")
    except FileNotFoundError:
        # A path given by the user still works; a name is answered with "shipped are none".
        return Path("models-are-not-installed")


def verify(path: Path) -> str:
    """Check every listed file against its SHA-256 and return the model's version.

    The version is the first 12 hex digits of the checksum list's own SHA-256,
    so that two folders with the same version give the same answers.
    """
    try:
        listed = json.loads((path / CHECKSUM_FILE).read_text(encoding="utf-8"))
        if CALIBRATION_FILE not in listed:
            raise ModelError(f"{path / CHECKSUM_FILE}: does not list {CALIBRATION_FILE}")
        for name, expected in listed.items():
            if _digest(path, name) != expected:
                raise ModelError(
                    f"{path / name}: differs from its checksum; reinstall or export the model again"
                )
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise ModelError(f"{path}: incomplete model folder ({error})") from error
    return hashlib.sha256(json.dumps(listed, sort_keys=True).encode()).hexdigest()[:12]


def _digest(path: Path, name: str) -> str:
    """SHA-256 of a listed file, which must lie in the folder and be of a size that can be held."""
    file = path / name
    if not file.resolve().is_relative_to(path.resolve()):
        raise ModelError(f"{path / CHECKSUM_FILE}: lists {name!r}, which lies outside the folder")
    if file.stat().st_size > MAX_BYTES:
        raise ModelError(f"{file}: larger than {MAX_BYTES // MIB} MiB")
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _check_listed(path: Path, scorers: Sequence[str]) -> None:
    """What is loaded must be among what was verified."""
    listed = json.loads((path / CHECKSUM_FILE).read_text(encoding="utf-8"))
    for scorer in scorers:
        if missing := [name for name in _FILES[scorer] if name not in listed]:
            names = ", ".join(missing)
            raise ModelError(f"{path / CHECKSUM_FILE}: does not list {names}, which {scorer} needs")


def _load_encoder(path: Path, threads: int | None, engine: str | None) -> Scorer:
    from classifier.encoder import EncoderScorer

    scorer = EncoderScorer.load(path / TOKENIZER_FILE, path / ONNX_FILE, threads, engine)
    try:
        config = json.loads((path / CONFIG_FILE).read_text(encoding="utf-8"))
        labels = tuple(config["id2label"][str(i)] for i in range(len(config["id2label"])))
        words = int(config["vocab_size"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path / CONFIG_FILE}: not a model's config ({error!r})") from error
    if labels != LABELS:
        raise ModelError(f"{path / CONFIG_FILE}: has other labels than this version's taxonomy")
    # An engine may answer with zeros, and not with an error, where a word has no row.
    if scorer.vocabulary > words:
        raise ModelError(
            f"{path / TOKENIZER_FILE}: knows {scorer.vocabulary} words, the encoder only {words}"
        )
    return scorer


def _load_lexical(path: Path, _threads: int | None, _engine: str | None) -> Scorer:
    from classifier.lexical import LexicalScorer

    return LexicalScorer.load(path / LEXICAL_FILE)


# Imported on use: the lexical model needs no ONNX Runtime, a fast start no jieba.
_LOADERS = {"encoder": _load_encoder, "lexical": _load_lexical}
_FILES = {"encoder": (CONFIG_FILE, TOKENIZER_FILE, ONNX_FILE), "lexical": (LEXICAL_FILE,)}
