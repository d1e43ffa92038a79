"""A process that reads strangers' files gives up the network, other programs and writing.

On Linux a seccomp filter (kernel: ``Documentation/userspace-api/seccomp_filter``) refuses the
system calls themselves, so that it binds the C libraries too, and what might run inside them;
everywhere an audit hook (PEP 578) refuses what Python code would do. Reading stays allowed, since
modules, recognition models and fonts are loaded on use. Of writing only files without a name
remain (``O_TMPFILE``), which vanish with the process.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

_WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Of the flags O_TMPFILE is two; O_DIRECTORY, the other, says nothing about writing.
_NAMELESS: Final = getattr(os, "O_TMPFILE", 0) & ~getattr(os, "O_DIRECTORY", 0)

# System call numbers: asm/unistd_64.h and asm-generic/unistd.h.
_REFUSED: Final = {
    "x86_64": {
        "socket": 41,
        "connect": 42,
        "bind": 49,
        "execve": 59,
        "truncate": 76,
        "rename": 82,
        "mkdir": 83,
        "rmdir": 84,
        "creat": 85,
        "link": 86,
        "unlink": 87,
        "symlink": 88,
        "chmod": 90,
        "chown": 92,
        "lchown": 94,
        "ptrace": 101,
        "mknod": 133,
        "mount": 165,
        "setxattr": 188,
        "mkdirat": 258,
        "mknodat": 259,
        "fchownat": 260,
        "unlinkat": 263,
        "renameat": 264,
        "linkat": 265,
        "symlinkat": 266,
        "fchmodat": 268,
        "process_vm_writev": 311,
        "renameat2": 316,
        "execveat": 322,
        "io_uring_setup": 425,
        "openat2": 437,
    },
    "aarch64": {
        "setxattr": 5,
        "mknodat": 33,
        "mkdirat": 34,
        "unlinkat": 35,
        "symlinkat": 36,
        "linkat": 37,
        "renameat": 38,
        "mount": 40,
        "truncate": 45,
        "fchmodat": 53,
        "fchownat": 54,
        "ptrace": 117,
        "socket": 198,
        "bind": 200,
        "connect": 203,
        "execve": 221,
        "process_vm_writev": 271,
        "renameat2": 276,
        "execveat": 281,
        "io_uring_setup": 425,
        "openat2": 437,
    },
}
# Number of the call and which argument holds the flags.
_OPENS: Final = {"x86_64": ((2, 1), (257, 2)), "aarch64": ((56, 2),)}
_ARCHITECTURES: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_SECCOMP: Final = {"x86_64": 317, "aarch64": 277}
_X32: Final = 0x40000000

# linux/bpf_common.h, linux/seccomp.h, linux/prctl.h
_LOAD, _JUMP_EQUAL, _JUMP_OVER, _JUMP_ANY, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW: Final = 0x7FFF0000
_REFUSE: Final = 0x00050000 | errno.EPERM
_SET_FILTER, _ALL_THREADS, _NO_NEW_PRIVILEGES = 1, 1, 38

_EVENTS: Final = frozenset(
    (
        *(f"os.{name}" for name in ("chmod", "chown", "link", "mkdir", "remove", "rename")),
        *(f"os.{name}" for name in ("rmdir", "symlink", "truncate")),
        *(f"os.{name}" for name in ("exec", "fork", "forkpty", "posix_spawn", "system")),
        *(f"socket.{name}" for name in ("bind", "connect", "getaddrinfo", "sendto")),
        "subprocess.Popen",
    )
)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def confine() -> bool:
    """Refuse from now on, in this process, all that reading a file does not need.

    Refused calls raise ``PermissionError``. Cannot be undone.

    Returns:
        Whether the kernel refuses too, and not only Python.
    """
    # Found by trying to write there, which is about to end.
    tempfile.gettempdir()
    sys.dont_write_bytecode = True
    by_kernel = _filter()
    sys.addaudithook(_refuse)
    return by_kernel


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    refused = event in _EVENTS
    if event == "open":
        refused = _opens_to_write(*arguments)
    if refused:
        raise PermissionError(errno.EPERM, f"a reader may not: {event}")


def _opens_to_write(path: int | str | bytes, _: object, flags: int) -> bool:
    # A descriptor is open already; tempfile opens the folder, and then says how in a second call.
    if not flags & _WRITES or isinstance(path, int) or Path(os.fsdecode(path)).is_dir():
        return False
    return not flags & _NAMELESS


def _filter() -> bool:
    machine = platform.machine()
    if sys.platform != "linux" or machine not in _ARCHITECTURES or sys.maxsize < 1 << 32:
        return False
    program = _instructions(machine)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        return False
    given = _Program(len(program) // 8, program)
    # Zero is success; a positive answer names a thread that could not follow.
    failed = libc.syscall(_SECCOMP[machine], _SET_FILTER, _ALL_THREADS, ctypes.byref(given))
    return failed == 0


def _instructions(machine: str) -> bytes:
    """The filter: classic BPF over ``struct seccomp_data`` (number, architecture, arguments)."""
    program = [
        _step(_LOAD, 4),
        # A call by another architecture's table would mean something else.
        _step(_JUMP_EQUAL, _ARCHITECTURES[machine], yes=1),
        _step(_RETURN, _REFUSE),
        _step(_LOAD, 0),
    ]
    if machine == "x86_64":
        program += [_step(_JUMP_OVER, _X32, no=1), _step(_RETURN, _REFUSE)]
    for number in sorted(_REFUSED[machine].values()):
        program += [_step(_JUMP_EQUAL, number, no=1), _step(_RETURN, _REFUSE)]
    for number, argument in _OPENS[machine]:
        program += [
            _step(_JUMP_EQUAL, number, no=5),
            _step(_LOAD, 16 + 8 * argument),
            _step(_JUMP_ANY, _NAMELESS, yes=2),
            _step(_JUMP_ANY, _WRITES, no=1),
            _step(_RETURN, _REFUSE),
            _step(_RETURN, _ALLOW),
        ]
    return b"".join([*program, _step(_RETURN, _ALLOW)])


def _step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    """One instruction; ``yes`` and ``no`` are how many to leave out after a comparison."""
    return struct.pack("=HBBI", code, yes, no, value)
