"""The formats, each tried on a sample."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing

import pypdfium2 as pdfium

from classifier.doctor.check import Check
from classifier.errors import TenderlensError
from classifier.extract import sandbox
from classifier.extract.container import libarchive_members
from classifier.extract.ocr.models import model_paths
from classifier.limits import Limits
from classifier.resources import folder

_SCANNED = "civil-service-supervision.pdf"
_FORMATS = {".pdf", ".docx", ".html", ".txt"}


def checks() -> Iterator[Check]:
    yield _reading()
    yield _archives()
    yield _recognition()


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
        missing = "未安装，扫描件和图片不能读取 not installed: scans and pictures are not read"
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
