"""The optional parts of the package and the exact command that installs each."""

from __future__ import annotations

import re
import shlex
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from classifier.doctor.check import Check
from classifier.engines import cpu_flags

_PURPOSES = {
    "train": "训练与评估模型 train and evaluate models",
    "fast": "OpenVINO 计算编码器 runs the encoder",
    "frame": "pandas 数据表 data frames",
    "archives": "读取 RAR、7Z、ZST reads",
    "review": "审阅页面 review page",
    "ocr": "识别扫描件与图片 reads scans and pictures",
    "ray": "多机批量 batches on many machines",
}
# Sets of the others, and what only our own tests need.
_NOT_OFFERED = {"all", "test"}
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9._-]+)")
_OF_EXTRA = re.compile(r"""\s*;\s*extra\s*==\s*['"]([^'"]+)['"]\s*$""")


def checks() -> Iterator[Check]:
    for extra, packages in offered().items():
        missing = [spec for spec in packages if not _is_installed(spec)]
        purpose = _PURPOSES.get(extra, "")
        detail = f"{purpose}，{'未装齐 not installed' if missing else '已装 installed'}"
        if extra == "fast" and missing:
            detail += f"；{_use_of_openvino()}"
        yield Check(
            f"扩展 extra {extra}",
            not missing,
            detail,
            optional=True,
            install=install_command(missing) if missing else "",
        )


def offered() -> dict[str, list[str]]:
    """Requirements of each extra, as the package states them.

    From the checkout where this is one, since its installed metadata may be older.
    """
    project = Path(__file__).resolve().parents[2] / "pyproject.toml"
    if project.is_file():
        content = tomllib.loads(project.read_text(encoding="utf-8"))["project"]
        found = content["optional-dependencies"]
    else:
        found = _from_metadata()
    return {extra: list(specs) for extra, specs in found.items() if extra not in _NOT_OFFERED}


def _from_metadata() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    try:
        stated = requires("tenderlens") or []
    except PackageNotFoundError:
        return found
    for requirement in stated:
        if extra := _OF_EXTRA.search(requirement):
            found.setdefault(extra[1], []).append(requirement[: extra.start()])
    return found


def install_command(requirements: list[str]) -> str:
    """For the Python that runs now, which need not be the one that ``pip`` belongs to."""
    return shlex.join([sys.executable, "-m", "pip", "install", *requirements])


def _is_installed(requirement: str) -> bool:
    named = _REQUIREMENT.match(requirement)
    try:
        version(named[1] if named else requirement)
    except PackageNotFoundError:
        return False
    return True


def _use_of_openvino() -> str:
    flags = cpu_flags()
    if "amx_bf16" in flags:
        return "本机有 AMX，会快得多 this CPU has AMX: much faster"
    if "avx2" in flags and "avx512f" not in flags and "avx_vnni" not in flags:
        return "本机略快 a little faster on this CPU"
    return "本机不会用到 would not be used on this CPU"
