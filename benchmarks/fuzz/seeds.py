"""Valid files of every format, the ground that mutations start from: small, and made anew.

They come from ``data/samples`` and from the builders of ``tests``, so that each holds many of the
structures its reader knows. The same version of the libraries makes the same bytes.
"""

from __future__ import annotations

import bz2
import email.message
import gzip
import io
import lzma
import quopri
import re
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import doc_builder as word97
import ofd_files as ofd
import pdf_pages
import sheet_files as sheets
import word_files as word
from archive_files import make_rar, make_tar, make_zip

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "data" / "samples"
PROSE = (
    "系统应自动带入申请人已有的信息，无需重复填写。",
    "工作人员每日上下班须通过人脸识别打卡，由系统自动判定迟到早退。",
    "群众可以在线查询办理进度，同时系统记录查询人的位置。",
    "供应商应提供三次现场培训；并编写操作手册。",
)
_TIME = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_NAMES = {"word-xml": "xml", "tgz": "tar.gz"}


def file_name(format: str) -> str:
    """The name a file of this format is given."""
    return f"需求.{_NAMES.get(format, format)}"


@cache
def seeds(format: str) -> tuple[bytes, ...]:
    """All valid files of a format, in fixed order."""
    return tuple(_timeless(make()) for make in _MAKERS[format])


def formats() -> tuple[str, ...]:
    return tuple(_MAKERS)


def _timeless(data: bytes) -> bytes:
    """A ZIP file without the time at which it was made, in its directory and in its XML."""
    if not data.startswith(b"PK\x03\x04"):
        return data
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w") as target:
        for info in source.infolist():
            content = source.read(info)
            if info.filename.endswith((".xml", ".rels")):
                content = _TIME.sub(b"2026-01-01T00:00:00Z", content)
            target.writestr(zipfile.ZipInfo(info.filename), content, info.compress_type)
    return buffer.getvalue()


def _sample(name: str) -> Callable[[], bytes]:
    return lambda: (SAMPLES / name).read_bytes()


def _pdf_rich() -> bytes:
    """Headings with an outline, a form, a table, a Form XObject drawn twice, a picture."""

    def first(canvas: Any) -> None:
        canvas.bookmarkPage("one")
        canvas.addOutlineEntry("第一章", "one", 0)
        pdf_pages.put(canvas, 60, "第一章 功能需求", size=18)
        pdf_pages.wrap(canvas, 100, PROSE[0] + PROSE[1])
        canvas.beginForm("stamp")
        pdf_pages.put(canvas, 300, PROSE[2])
        canvas.endForm()
        canvas.doForm("stamp")
        canvas.acroForm.textfield(
            name="f", value="Acme Ltd. 2025", x=160, y=300, width=200, height=18
        )
        canvas.acroForm.checkbox(name="c", checked=True, x=80, y=260, size=12)

    def second(canvas: Any) -> None:
        pdf_pages.table(canvas, pdf_pages.ROWS)
        canvas.rotate(5)
        canvas.doForm("stamp")
        canvas.drawInlineImage(_picture("RGB", (24, 12)), 80, 80, 24, 12)

    return pdf_pages.draw(first, second, pageCompression=1, invariant=1)


def _pdf_plain() -> bytes:
    """Uncompressed streams, so that bytes of the operators are hit."""
    return pdf_pages.draw(
        lambda c: pdf_pages.wrap(c, 100, PROSE[0] + PROSE[1]),
        lambda c: pdf_pages.table(c, pdf_pages.ROWS),
        pageCompression=0,
        invariant=1,
    )


def _pdf_rewritten() -> bytes:
    """The same with object streams and a cross-reference stream."""
    import pikepdf

    buffer = io.BytesIO()
    with pikepdf.open(io.BytesIO(_pdf_rich())) as pdf:
        pdf.save(
            buffer,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            deterministic_id=True,
        )
    return buffer.getvalue()


def _docx_rich() -> bytes:
    """Headings, numbering, nested and merged tables, a text box, revisions, notes, a field."""
    box = f"<w:txbxContent>{word.p('框内文字' + PROSE[0])}</w:txbxContent>"
    shape = (
        "<w:p><w:r><mc:AlternateContent><mc:Choice Requires='wps'><w:drawing><wps:txbx>"
        f"{box}</wps:txbx></w:drawing></mc:Choice></mc:AlternateContent></w:r></w:p>"
    )
    revised = (
        "<w:p><w:del><w:r><w:delText>禁止</w:delText></w:r></w:del>"
        f"<w:ins><w:r><w:t>{PROSE[3]}</w:t></w:r></w:ins>"
        '<w:r><w:footnoteReference w:id="2"/></w:r></w:p>'
    )
    inner = word.table(word.tc(word.p("内一")) + word.tc(word.p(PROSE[1])))
    merged = word.tc(word.p("合并"), '<w:gridSpan w:val="2"/>')
    body = (
        word.p("功能需求", '<w:pStyle w:val="h2"/>')
        + word.numbered(PROSE[0])
        + word.numbered(PROSE[1], 1)
        + word.table(merged + word.tc(word.p("纵"), '<w:vMerge w:val="restart"/>'))
        + word.table(word.tc(word.p(PROSE[2]) + inner) + word.tc(word.p("乙")))
        + shape
        + revised
    )
    note = f'<w:footnote w:id="2">{word.p("脚注")}</w:footnote>'
    notes = f"<w:footnotes {word.NAMESPACES}>{note}</w:footnotes>"
    levels = word.level(0, "chineseCounting", "%1、") + word.level(1, "decimal", "%1.%2")
    return word.package(body, styles=word.STYLES, numbering=word.numbering(levels), footnotes=notes)


def _doc() -> bytes:
    par, row, run, sprm = word97.par, word97.row, word97.Run, word97.sprm
    return word97.build(
        [
            par("第一章 总则", style=1),
            par(PROSE[0], run("export", width=1), run("删", word97.DELETED), "。"),
            *row("序号", "要求"),
            *row("1", PROSE[1]),
            par("见\x13 REF a \x14附件\x15", run("\x08", word97.PICTURE)),
            par(PROSE[2], papx=sprm(0x460B, 1, 0)),
        ],
        styles=[(0, "Normal", b"", b""), (1, "标题 1", sprm(0x460B, 1, 0), b"")],
        levels=[word97.Level("第\0章", format=37)],
        boxes=[(33, 7, [par("框内文字")])],
        footnotes=[[par("\x02注一")]],
        headers=[[par("页眉")]],
        fonts=["Symbol"],
    )


def _doc_plain() -> bytes:
    return word97.build([word97.par(text) for text in PROSE])


def _xlsx() -> bytes:
    def fill(sheet: Any) -> None:
        sheet.append(["序号", "功能", "要求"])
        for number, text in enumerate(PROSE):
            sheet.append([number, "考勤", text])
        sheet["D2"] = 0.3
        sheet["D2"].number_format = "0.00%"
        sheet["D3"] = "=1+1"
        sheet.merge_cells("A6:C6")
        sheet["A6"] = "合并的一行"
        sheet.row_dimensions[4].hidden = True

    return sheets.workbook(fill)


def _ods() -> bytes:
    return sheets.ods(
        '<table:table table:name="需求">'
        + sheets.row(sheets.cell("序号"), sheets.cell("要求"))
        + "".join(
            sheets.row(
                sheets.cell(str(number), 'table:number-columns-repeated="2"'), sheets.cell(text)
            )
            for number, text in enumerate(PROSE)
        )
        + "</table:table>"
    )


def _pptx() -> bytes:
    from pptx import Presentation
    from pptx.util import Pt

    deck: Any = Presentation()
    for text in PROSE[:2]:
        slide = deck.slides.add_slide(deck.slide_layouts[5])
        slide.shapes.title.text = "功能需求"
        slide.shapes.add_textbox(Pt(60), Pt(120), Pt(300), Pt(40)).text_frame.text = text
        table = slide.shapes.add_table(2, 2, Pt(60), Pt(200), Pt(300), Pt(80)).table
        table.cell(0, 0).text, table.cell(1, 1).text = "序号", PROSE[2]
        slide.notes_slide.notes_text_frame.text = PROSE[3]
    buffer = io.BytesIO()
    deck.save(buffer)
    return buffer.getvalue()


def _ofd() -> bytes:
    first = ofd.page(
        *(ofd.text(text, 20, 30 + 8 * at) for at, text in enumerate(PROSE)),
        ofd.line(20, 80, 190, 80),
    )
    second = ofd.page(ofd.text("页脚", 20, 280), ofd.text(PROSE[0], 20, 40, delta="4 4 g 3 4"))
    return ofd.make_ofd([first, second])


_HTML = (
    "<!doctype html><html><head><meta charset=utf-8><title>需求</title><style>p{color:red}</style>"
    "<script>var a = '<p>no</p>'</script></head><body><h1>功能需求</h1><ul><li>"
    + "</li><li>".join(PROSE)
    + "</li></ul><table><tr><th>序号<th rowspan=2>要求</tr><tr><td colspan=2>1<td>"
    + PROSE[1]
    + "</table><p hidden>隐藏</p><pre>代码\n二行</pre>&lt;&#x4e00;&nbsp;</body></html>"
)


def _mhtml() -> bytes:
    head = (
        "From: <Saved by Blink>\r\nSnapshot-Content-Location: https://example.org/a\r\n"
        "Subject: =?utf-8?Q?=E9=87=87=E8=B4=AD?=\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/related;\r\n\ttype="text/html";\r\n\tboundary="--=_b"\r\n\r\n'
    )
    part = (
        "----=_b\r\nContent-Type: text/html; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    body = quopri.encodestring(_HTML.encode())
    return head.encode() + part.encode() + body + b"\r\n----=_b--\r\n"


def _flat_opc() -> bytes:
    """The parts of a DOCX in one XML file, as Word saves it."""
    space = "http://schemas.microsoft.com/office/2006/xmlPackage"
    with zipfile.ZipFile(io.BytesIO(_docx_rich())) as package:
        parts = "".join(
            f'<pkg:part pkg:name="/{name}"><pkg:xmlData>'
            f"{package.read(name).decode().partition('?>')[2] or package.read(name).decode()}"
            "</pkg:xmlData></pkg:part>"
            for name in package.namelist()
            if name != "[Content_Types].xml"
        )
    return f'<?xml version="1.0"?><pkg:package xmlns:pkg="{space}">{parts}</pkg:package>'.encode()


def _rtf() -> bytes:
    head = (
        r"{\rtf1\ansi\ansicpg936\deff0\uc1{\fonttbl{\f0\froman\fcharset0 Times;}"
        r"{\f1\fnil\fcharset134 SimSun;}{\f3\fcharset2 Symbol;}}{\colortbl;\red255\green0;}"
        r"{\stylesheet{\ql Normal;}{\s1\outlinelevel0 heading 1;}}{\info{\title x}}\f1 "
    )
    escaped = ["".join(f"\\'{byte:02x}" for byte in text.encode("gbk")) for text in PROSE]
    row = r"\trowd\cellx1000\cellx2000\intbl " + escaped[0] + r"\cell 2\cell\row"
    body = (
        rf"\s1 {escaped[0]}\par\pard {{\*\unknown x}}\u31995?\u32479? {escaped[1]}\par {row}"
        rf"\pard{{\footnote {escaped[2]}}}{{\field{{\*\fldinst HYPERLINK a}}{{\fldrslt b}}}}"
        rf"{{\pict\bin4 abcd}}{{\v {escaped[3]}}}\tab {escaped[3]}\par"
    )
    return (head + body + "}").encode()


def _mail() -> bytes:
    mail = email.message.EmailMessage()
    mail["From"], mail["To"] = "a@example.org", "b@example.org"
    mail["Subject"] = "关于征集采购需求的通知"
    mail["Date"] = "Mon, 23 Nov 2026 10:00:00 +0800"
    mail.set_content(PROSE[0])
    mail.add_alternative(f"<p>{PROSE[0]}</p>", subtype="html")
    mail.add_attachment(
        PROSE[1].encode(), maintype="application", subtype="octet-stream", filename="需求.txt"
    )
    for part in mail.walk():
        if part.is_multipart():
            part.set_boundary(f"=_{part.get_content_subtype()}")
    return mail.as_bytes()


def _members() -> dict[str, bytes]:
    inner = _timeless(make_zip({"乙.txt": PROSE[1].encode()}))
    return {"文件/甲.txt": PROSE[0].encode(), "内层.zip": inner, "丙.html": _HTML.encode()}


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        methods = (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_BZIP2)
        for (name, data), method in zip(_members().items(), methods, strict=True):
            target.writestr(zipfile.ZipInfo(name), data, method)
        target.writestr(zipfile.ZipInfo("丁.txt"), PROSE[2].encode(), zipfile.ZIP_LZMA)
    return buffer.getvalue()


def _seven_zip() -> bytes:
    import tempfile

    import libarchive

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.7z"
        with libarchive.file_writer(str(path), "7zip") as target:
            for name, data in _members().items():
                target.add_file_from_memory(name, len(data), data, mtime=1)
        return path.read_bytes()


def _tar() -> bytes:
    return make_tar(_members())


def _picture(mode: str, size: tuple[int, int]) -> Any:
    from PIL import Image, ImageDraw

    image = Image.new(mode, size, "white")
    ImageDraw.Draw(image).line((2, 2, size[0] - 3, size[1] - 3), fill="black", width=2)
    return image


def _saved(format: str, mode: str = "RGB", **options: Any) -> Callable[[], bytes]:
    def make() -> bytes:
        buffer = io.BytesIO()
        _picture(mode, (96, 48)).save(buffer, format, **options)
        return buffer.getvalue()

    return make


def _tiff() -> bytes:
    buffer = io.BytesIO()
    frames = [_picture("L", (64, 32)) for _ in range(2)]
    frames[0].save(
        buffer, "TIFF", save_all=True, append_images=frames[1:], compression="tiff_deflate"
    )
    return buffer.getvalue()


_TEXT = "第一章 功能需求\n" + "\n".join(f"{n}. {text}" for n, text in enumerate(PROSE))
_MARKDOWN = f"# 功能需求\n\n{PROSE[0]}\n\n- {PROSE[1]}\n\n|序号|要求|\n|-|-|\n|1|{PROSE[2]}|\n"
_CSV = "序号,要求\n" + "\n".join(f'{n},"{text}"' for n, text in enumerate(PROSE))
_MAKERS: dict[str, tuple[Callable[[], bytes], ...]] = {
    "pdf": (
        _sample("civil-service-supervision.pdf"),
        _sample("office-furniture-goods.pdf"),
        _pdf_rich,
        _pdf_plain,
        _pdf_rewritten,
    ),
    "docx": (_docx_rich, _docx_rich, _sample("smart-campus-mixed.docx")),
    "word-xml": (_flat_opc,),
    "doc": (_doc, _doc, _doc_plain),
    "xlsx": (_xlsx,),
    "xls": (lambda: sheets.XLS,),
    "ods": (_ods,),
    "csv": (lambda: _CSV.encode(), lambda: _CSV.encode("gb18030")),
    "pptx": (_pptx,),
    "ofd": (_ofd,),
    "html": (lambda: _HTML.encode(), _sample("community-elder-care.html")),
    "mhtml": (_mhtml,),
    "rtf": (_rtf,),
    "txt": (
        lambda: _TEXT.encode(),
        lambda: _TEXT.encode("gb18030"),
        lambda: _TEXT.encode("utf-16"),
        _sample("delivery-riders-srs.txt"),
    ),
    "md": (lambda: _MARKDOWN.encode(), _sample("hospital-self-service.md")),
    "eml": (_mail,),
    "zip": (_zip,),
    "tar": (_tar,),
    "tgz": (
        lambda: gzip.compress(_tar(), mtime=0),
        lambda: bz2.compress(_tar()),
        lambda: lzma.compress(_tar()),
    ),
    "7z": (_seven_zip,),
    "rar": (lambda: make_rar(_members()),),
    "png": (_saved("PNG"), _saved("PNG", "P"), _saved("PNG", "RGBA")),
    "jpeg": (_saved("JPEG"), _saved("JPEG", progressive=True)),
    "tiff": (_tiff, _saved("TIFF", "RGB", compression="tiff_lzw")),
    "bmp": (_saved("BMP"),),
    "webp": (_saved("WEBP"), _saved("WEBP", lossless=True)),
}
