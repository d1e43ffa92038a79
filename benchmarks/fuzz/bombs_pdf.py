"""PDF files: circles, depths, and sizes that only a dictionary claims."""

from __future__ import annotations

import io
import zlib
from typing import Any, Final

import pikepdf

from .bomb import READ, REFUSED, Bomb
from .seeds import seeds

_ANY: Final = (*READ, *REFUSED, "needs_ocr", "encrypted")
_SLOW: Final = (*_ANY, "timeout", "out_of_memory")
_NAME, _DICT, _LIST = pikepdf.Name, pikepdf.Dictionary, pikepdf.Array


def _changed(change: Any, seed: int = 2) -> bytes:
    """A valid PDF with its structure changed by a function of the open file."""
    buffer = io.BytesIO()
    with pikepdf.open(io.BytesIO(seeds("pdf")[seed])) as pdf:
        change(pdf)
        pdf.save(buffer, deterministic_id=True)
    return buffer.getvalue()


def _raw(*objects: bytes, trailer: bytes = b"/Root 1 0 R", claimed: int = 0) -> bytes:
    """A PDF written object by object, so that nothing refuses what is odd in it."""
    data, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(data))
        data += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (claimed or len(objects) + 1)
    data += b"".join(b"%010d 00000 n \n" % place for place in places)
    data += b"trailer\n<< %s /Size %d >>\n" % (trailer, claimed or len(objects) + 1)
    return data + b"startxref\n%d\n%%%%EOF\n" % start


_CATALOG: Final = b"<< /Type /Catalog /Pages 2 0 R >>"
_PAGES: Final = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"


def _page(more: bytes = b"", content: bytes = b"4 0 R") -> bytes:
    box = b"" if b"MediaBox" in more else b"/MediaBox [0 0 595 842]"
    return b"<< /Type /Page /Parent 2 0 R %s /Contents %s %s >>" % (box, content, more)


def _stream(data: bytes, more: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n" % (len(data), more) + data + b"\nendstream"


_FONT: Final = b"/Resources << /Font << /F 5 0 R >> >>"
_FORM: Final = b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] "
_FONT_OBJECT: Final = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


def _one_page(content: bytes, more: bytes = _FONT, *objects: bytes) -> bytes:
    return _raw(_CATALOG, _PAGES, _page(more), _stream(content), _FONT_OBJECT, *objects)


def _kids_circle() -> bytes:
    return _raw(
        _CATALOG,
        b"<< /Type /Pages /Kids [2 0 R 3 0 R 2 0 R] /Count 999999999 >>",
        _page(content=b"null"),
    )


def _same_page(count: int) -> bytes:
    """One page that its tree names so many times."""
    kids = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b"3 0 R " * count, count)
    return _raw(
        _CATALOG, kids, _page(_FONT), _stream(b"BT /F 12 Tf 72 700 Td (text) Tj ET"), _FONT_OBJECT
    )


def _pages_deep(depth: int) -> bytes:
    tree = [b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % (n + 3) for n in range(depth)]
    return _raw(_CATALOG, *tree, _page(content=b"null"))


def _nested(opened: bytes, closed: bytes, depth: int) -> bytes:
    return _raw(_CATALOG, _PAGES, _page(b"/X " + opened * depth + closed * depth, b"null"))


def _forms_circle() -> bytes:
    resources = b"/Resources << /XObject << /A 5 0 R /B 6 0 R >> >>"
    form = _FORM + resources
    return _raw(
        *(_CATALOG, _PAGES, _page(resources), _stream(b"/A Do /B Do")),
        *(_stream(b"/B Do /B Do " * 9, form), _stream(b"/A Do /A Do " * 9, form)),
    )


def _forms_doubling(levels: int) -> bytes:
    """Each form draws the next one ten times."""
    forms = [
        _stream(
            b"/N Do " * 10,
            _FORM + b"/Resources << /XObject << /N %d 0 R >> >>" % (n + 6),
        )
        for n in range(levels)
    ]
    last = _stream(
        b"BT /F 9 Tf 72 700 Td (text) Tj ET",
        _FORM + _FONT.replace(b"5 0", b"%d 0" % (levels + 6)),
    )
    page = _page(b"/Resources << /XObject << /N 5 0 R >> >>")
    return _raw(_CATALOG, _PAGES, page, _stream(b"/N Do"), *forms, last, _FONT_OBJECT)


def _outlines_circle(pdf: Any) -> None:
    item = pdf.make_indirect(_DICT(Title=pikepdf.String("甲")))
    item.Next = item.Prev = item.First = item.Last = item.Parent = item
    pdf.Root.Outlines = pdf.make_indirect(_DICT(First=item, Last=item, Count=2**31 - 1))


def _fields_circle(pdf: Any) -> None:
    field = pdf.make_indirect(_DICT(FT=_NAME.Tx, T=pikepdf.String("甲"), V=pikepdf.String("值")))
    field.Kids = _LIST([field, field])
    field.Parent = field
    pdf.Root.AcroForm = pdf.make_indirect(_DICT(Fields=_LIST([field])))
    pdf.pages[0].Annots = _LIST([field])


def _picture(width: int, height: int) -> bytes:
    kind = b"/Type /XObject /Subtype /Image /BitsPerComponent 8 /ColorSpace /DeviceRGB"
    image = _stream(b"\xff" * 300, kind + b" /Width %d /Height %d" % (width, height))
    return _one_page(
        b"q 595 0 0 842 0 0 cm /I Do Q", b"/Resources << /XObject << /I 6 0 R >> >>", image
    )


def _flate_bomb(mib: int) -> bytes:
    packed = zlib.compress(b" " * (mib << 20), 9)
    return _raw(
        _CATALOG, _PAGES, _page(_FONT), _stream(packed, b"/Filter /FlateDecode"), _FONT_OBJECT
    )


def _flate_twice(mib: int) -> bytes:
    packed = zlib.compress(zlib.compress(b" " * (mib << 20), 9), 9)
    content = _stream(packed, b"/Filter [/FlateDecode /FlateDecode]")
    return _raw(_CATALOG, _PAGES, _page(_FONT), content, _FONT_OBJECT)


def _mapped(count: int) -> bytes:
    """A ToUnicode map in which one code stands for a very long text."""
    cmap = b"begincodespacerange <00> <ff> endcodespacerange 1 beginbfchar <41> <%s> endbfchar" % (
        b"7cfb" * count
    )
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 6 0 R >>"
    return _raw(
        *(
            _CATALOG,
            _PAGES,
            _page(_FONT),
            _stream(b"BT /F 9 Tf 72 700 Td (" + b"A" * 5000 + b") Tj ET"),
        ),
        *(font, _stream(cmap)),
    )


_MANY: Final = b"BT /F 9 Tf 72 700 Td " + b"(overlapping text) Tj " * 20_000 + b"ET"
_LINES: Final = b"".join(
    b"%d 0 m %d 842 l S 0 %d m 595 %d l S\n" % (n % 595, n % 595, n % 842, n % 842)
    for n in range(60_000)
)


BOMBS: Final = (
    Bomb("pdf-kids-in-a-circle", "pdf", _kids_circle, _ANY),
    Bomb("pdf-5000-times-one-page", "pdf", lambda: _same_page(5000), ("too_large",)),
    Bomb("pdf-2900-times-one-page", "pdf", lambda: _same_page(2900), (*_SLOW, "not_chinese")),
    Bomb(
        "pdf-claims-2e9-pages",
        "pdf",
        lambda: _same_page(1).replace(b"/Count 1 ", b"/Count 2147483647 "),
        (*_SLOW, "not_chinese"),
    ),
    Bomb("pdf-tree-9000-deep", "pdf", lambda: _pages_deep(9000), _SLOW),
    Bomb("pdf-200000-arrays", "pdf", lambda: _nested(b"[", b"]", 200_000), _ANY),
    Bomb("pdf-200000-dictionaries", "pdf", lambda: _nested(b"<</A", b">>", 200_000), _ANY),
    Bomb("pdf-arrays-in-content", "pdf", lambda: _one_page(b"[" * 300_000 + b"]" * 300_000), _ANY),
    Bomb(
        "pdf-300000-saves",
        "pdf",
        lambda: _one_page(b"q " * 300_000 + b"BT /F 9 Tf (x) Tj ET"),
        _SLOW,
    ),
    Bomb("pdf-forms-in-a-circle", "pdf", _forms_circle, _SLOW),
    Bomb("pdf-forms-doubling", "pdf", lambda: _forms_doubling(9), (*_SLOW, "not_chinese")),
    Bomb("pdf-outlines-in-a-circle", "pdf", lambda: _changed(_outlines_circle), READ),
    Bomb("pdf-fields-in-a-circle", "pdf", lambda: _changed(_fields_circle), _SLOW),
    Bomb("pdf-picture-2147483647", "pdf", lambda: _picture(2**31 - 1, 2**31 - 1), _ANY),
    Bomb("pdf-picture-60000", "pdf", lambda: _picture(60_000, 60_000), _SLOW),
    Bomb(
        "pdf-page-of-1e9-points",
        "pdf",
        lambda: _one_page(b"BT /F 9 Tf (x) Tj ET", b"/MediaBox [0 0 1e9 1e9] " + _FONT),
        _ANY,
    ),
    Bomb(
        "pdf-page-without-size",
        "pdf",
        lambda: _one_page(b"BT /F 9 Tf (x) Tj ET", b"/MediaBox [0 0 0 0] " + _FONT),
        _ANY,
    ),
    Bomb(
        "pdf-page-of-nan",
        "pdf",
        lambda: _one_page(b"BT /F 9 Tf (x) Tj ET", b"/MediaBox [nan inf -9e99 1e999] " + _FONT),
        _ANY,
    ),
    Bomb("pdf-flate-400-MiB", "pdf", lambda: _flate_bomb(400), _SLOW),
    Bomb("pdf-flate-of-flate", "pdf", lambda: _flate_twice(1500), _SLOW),
    Bomb("pdf-code-of-100000-letters", "pdf", lambda: _mapped(100_000), _SLOW),
    Bomb("pdf-overlapping-text", "pdf", lambda: _one_page(_MANY), (*_SLOW, "not_chinese")),
    Bomb("pdf-120000-lines", "pdf", lambda: _one_page(_LINES + b"BT /F 9 Tf (x) Tj ET"), _SLOW),
    Bomb(
        "pdf-xref-claims-8-million",
        "pdf",
        lambda: _raw(_CATALOG, _PAGES, _page(content=b"null"), claimed=8_388_607),
        _SLOW,
    ),
    Bomb(
        "pdf-xref-points-to-itself",
        "pdf",
        lambda: _raw(_CATALOG, _PAGES, _page(content=b"null"), trailer=b"/Root 1 0 R /Prev 9"),
        _ANY,
    ),
    Bomb("pdf-no-xref", "pdf", lambda: seeds("pdf")[3].replace(b"xref", b"xxxx"), _ANY),
    Bomb(
        "pdf-root-is-a-page",
        "pdf",
        lambda: _raw(_CATALOG, _PAGES, _page(), trailer=b"/Root 3 0 R"),
        _ANY,
    ),
    Bomb(
        "pdf-length-2147483647",
        "pdf",
        lambda: seeds("pdf")[3].replace(b"/Length ", b"/Length 2147483647 % "),
        _ANY,
    ),
    Bomb(
        "pdf-length-is-itself",
        "pdf",
        lambda: _raw(_CATALOG, _PAGES, _page(), b"<< /Length 4 0 R >>\nstream\nBT ET\nendstream"),
        _ANY,
    ),
    Bomb(
        "pdf-contents-in-a-circle",
        "pdf",
        lambda: _raw(_CATALOG, _PAGES, _page(), b"[4 0 R 4 0 R 4 0 R]"),
        _ANY,
    ),
    Bomb(
        "pdf-encrypted-nonsense",
        "pdf",
        lambda: _raw(
            _CATALOG,
            _PAGES,
            _page(),
            trailer=b"/Root 1 0 R /Encrypt << /Filter /Standard /V 5 /R 6 >>",
        ),
        _ANY,
    ),
)
