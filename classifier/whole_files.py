"""Files that are written whole or not at all.

What is written goes to a temporary file beside the target, to the disk, and then takes the
target's name in one step (rename, POSIX): whoever looks finds the older file or the new one.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EACCES, EDQUOT, EFBIG, ENOSPC, EPERM, EROFS
from pathlib import Path
from typing import Final

TEMPORARY: Final = ".tmp"
"""How the names of temporary files end."""

_NAME_BYTES: Final = 120
_WHY: Final = {
    ENOSPC: "磁盘已满",
    EDQUOT: "超出磁盘配额",
    EFBIG: "文件大小超出系统限制",
    EROFS: "文件系统只读",
    EACCES: "没有写入权限",
    EPERM: "没有写入权限",
}


class NotWritten(OSError):
    """A file could not be written; one of that name that was there before is as it was."""

    def __str__(self) -> str:
        why = f"{_WHY.get(self.errno or 0, '')} {self.strerror}".strip()
        return f"{self.filename}：{why}；原有文件未动 any older file is kept"


@contextmanager
def whole(path: Path, sync: bool = True) -> Iterator[Path]:
    """A name to write to, which becomes ``path`` if all goes well and goes away if not.

    A link is followed, and a file keeps its permissions. What is no plain file, as a pipe, is
    written to directly.

    Args:
        sync: have the content on the disk before it takes the name; without, the caller does.

    Raises:
        NotWritten: the system does not let it be written.
    """
    target = Path(os.path.realpath(path))
    try:
        if not _is_plain(target):
            yield target
            return
        with _temporary(target) as temporary:
            yield temporary
            if sync:
                sync_file(temporary)
            temporary.replace(target)
        if sync:
            with contextlib.suppress(OSError):  # some file systems do not sync folders
                sync_folder(target.parent)
    except NotWritten:
        raise
    except OSError as error:
        raise NotWritten(error.errno, error.strerror or str(error), str(path)) from error


def write_text(path: Path, text: str, sync: bool = True) -> None:
    """UTF-8, lone surrogates as question marks; see :func:`whole` for errors."""
    write_bytes(path, text.encode("utf-8", "replace"), sync)


def write_bytes(path: Path, content: bytes, sync: bool = True) -> None:
    with whole(path, sync) as temporary:
        temporary.write_bytes(content)


def sync_file(path: Path) -> None:
    """Have the content on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_plain(target: Path) -> bool:
    """Whether it is a file that may be written, or none yet."""
    try:
        found = target.stat().st_mode
    except FileNotFoundError:
        return True
    if stat.S_ISREG(found):  # a rename would not ask whether the file itself may be written
        os.close(os.open(target, os.O_WRONLY))
    return stat.S_ISREG(found)


@contextmanager
def _temporary(target: Path) -> Iterator[Path]:
    name = os.fsencode(target.name)[:_NAME_BYTES].decode("utf-8", "ignore")
    path = target.with_name(f".{name}-{secrets.token_hex(4)}{TEMPORARY}")
    # Made here, so that nobody else's file or link of that name is written to.
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    try:
        with contextlib.suppress(FileNotFoundError):
            path.chmod(stat.S_IMODE(target.stat().st_mode))
        yield path
    finally:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
