"""OFD files for tests, written element by element, and what they are read as."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

import pytest

from classifier.document import Document
from classifier.errors import ExtractionError, Reason
from classifier.extract.router import read
from classifier.limits import Limits

MM = 72 / 25.4
"""Points in a millimetre."""
PROSE = "系统应当支持用户按部门导出统计报表并且保留原有格式以便核对"
NS = 'xmlns:ofd="http://www.ofdspec.org/2016"'
FONTS = (
    f'<ofd:Res {NS} BaseLoc="Res"><ofd:Fonts><ofd:Font ID="3" FontName="宋体"/>'
    '<ofd:Font ID="4" FontName="黑体" Bold="true"><ofd:FontFile>gone.otf</ofd:FontFile></ofd:Font>'
    "</ofd:Fonts>{more}</ofd:Res>"
)


def text(
    content: str,
    x: float,
    y: float,
    size: float = 4.0,
    *,
    delta: str | None = None,
    attributes: str = 'Font="3"',
    inner: str = "",
) -> str:
    """One line of text with its upper left corner at (x, y), in millimetres."""
    if delta is None:
        delta = f"g {len(content) - 1} {size}" if len(content) > 1 else ""
    steps = f' DeltaX="{delta}"' if delta else ""
    return (
        f'<ofd:TextObject ID="9" Boundary="{x} {y} {size * len(content)} {size}" Size="{size}"'
        f' {attributes}>{inner}<ofd:TextCode X="0" Y="{size * 0.86}"{steps}>{escape(content)}'
        "</ofd:TextCode></ofd:TextObject>"
    )


def line(x0: float, y0: float, x1: float, y1: float) -> str:
    return (
        f'<ofd:PathObject ID="8" Boundary="{x0} {y0} {x1 - x0} {y1 - y0}" LineWidth="0.3">'
        f"<ofd:AbbreviatedData>M 0 0 L {x1 - x0} {y1 - y0}</ofd:AbbreviatedData></ofd:PathObject>"
    )


def page(*objects: str, area: str = "", templates: str = "") -> str:
    """Content.xml of a page with one layer."""
    return (
        f'<ofd:Page {NS}>{templates}<ofd:Area>{area}</ofd:Area><ofd:Content><ofd:Layer ID="7">'
        f"{''.join(objects)}</ofd:Layer></ofd:Content></ofd:Page>"
    )


def make_ofd(
    pages: Sequence[str],
    *,
    common: str = "",
    resources: str = "",
    rest: str = "",
    parts: Mapping[str, str | bytes] | None = None,
    bodies: str = "",
) -> bytes:
    """An OFD file of A4 pages; ``rest`` stands behind the pages, ``parts`` are further files."""
    links = "".join(
        f'<ofd:Page ID="{100 + at}" BaseLoc="Pages/Page_{at}/Content.xml"/>'
        for at in range(len(pages))
    )
    document = (
        f"<ofd:Document {NS}><ofd:CommonData><ofd:MaxUnitID>99</ofd:MaxUnitID><ofd:PageArea>"
        "<ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:PageArea>"
        f"<ofd:PublicRes>PublicRes.xml</ofd:PublicRes>{common}</ofd:CommonData>"
        f"<ofd:Pages>{links}</ofd:Pages>{rest}</ofd:Document>"
    )
    start = (
        f'<ofd:OFD {NS} Version="1.0" DocType="OFD"><ofd:DocBody>'
        f"<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody>{bodies}</ofd:OFD>"
    )
    files = {
        "OFD.xml": start,
        "Doc_0/Document.xml": document,
        "Doc_0/PublicRes.xml": FONTS.format(more=resources),
        **{f"Doc_0/Pages/Page_{at}/Content.xml": xml for at, xml in enumerate(pages)},
        **(parts or {}),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in files.items():
            target.writestr(name, content)
    return buffer.getvalue()


def read_ofd(data: bytes, limits: Limits | None = None) -> Document:
    return read(data, "需求.ofd", limits or Limits())


def reason(data: bytes, limits: Limits | None = None) -> Reason:
    with pytest.raises(ExtractionError) as caught:
        read_ofd(data, limits)
    return caught.value.reason


def texts(document: Document) -> list[str]:
    return [block.text for block in document.blocks]
