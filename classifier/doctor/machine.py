"""The machine: Python, cores, memory, the folder that results go to."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from classifier.doctor.check import Check
from classifier.encoder import available_cores
from classifier.limits import MIB

# A document of 400 pages with the standard model, OCR off, stays below.
ENOUGH = 1024 * MIB
# Where a container's limit stands, by version of Linux control groups.
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def checks() -> Iterator[Check]:
    cores = available_cores()
    python = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    yield Check("系统 machine", True, f"{python}, 可用核 cores {cores}/{os.cpu_count()}")
    yield _memory()
    yield _folder(Path.cwd())
    yield _confinement()


def _memory() -> Check:
    name = "内存 memory"
    free = available_memory()
    if free is None:
        return Check(name, True, "不可知 this system does not tell", optional=True)
    found = f"可用 available {free // MIB:,} MiB"
    if free >= ENOUGH:
        return Check(name, True, found)
    return Check(name, False, f"{found}，大文件可能不够 may be too little", optional=True)


def available_memory() -> int | None:
    """Bytes that this process may still take, as far as Linux tells."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    except (OSError, ValueError, StopIteration):
        return None
    return min([free * 1024, *_group_limits()])


def _group_limits() -> Iterator[int]:
    for file in map(Path, _LIMITS):
        try:
            yield int(file.read_text(encoding="ascii"))
        except (OSError, ValueError):
            # No such file, or "max".
            continue


def _folder(folder: Path) -> Check:
    name = "当前文件夹 this folder"
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        hint = "报告写到别处 write reports elsewhere: -o"
        return Check(name, False, f"不可写 not writable: {error.strerror}; {hint}", optional=True)
    return Check(name, True, "可写 writable")


def _confinement() -> Check:
    name = "隔离 confinement"
    program = "from classifier.extract.confine import confine; raise SystemExit(not confine())"
    # A process that has confined itself is of no further use.
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    if done.returncode == 0:
        return Check(name, True, "读文件的进程不能联网、写盘 readers have no network, cannot write")
    found = "内核不支持 seccomp，仅由 Python 限制 no seccomp here: Python alone refuses"
    return Check(name, False, found, optional=True)
