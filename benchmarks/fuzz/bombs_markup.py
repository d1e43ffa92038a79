"""XML, HTML, RTF and web archives that expand, nest, or ask for other files."""

from __future__ import annotations

from typing import Final

import ofd_files as ofd
import word_files as word

from .bomb import READ, REFUSED, Bomb
from .bombs_container import replaced_member
from .seeds import PROSE, seeds

_P: Final = f"<p>{PROSE[0]}</p>"
_ANY: Final = (*READ, *REFUSED)


def _laughs() -> str:
    entities = '<!ENTITY a "赋能赋能赋能赋能">' + "".join(
        f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
    )
    return f"<!DOCTYPE x [{entities}]>"


def _external(target: str) -> str:
    return f'<!DOCTYPE x [<!ENTITY j SYSTEM "{target}">]>'


def _parameter(target: str) -> str:
    return f'<!DOCTYPE x [<!ENTITY % p SYSTEM "{target}"> %p;]>'


_TARGETS: Final = ("file:///etc/passwd", "http://127.0.0.1:9/x", "expect://id")
_BODY: Final = word.p("正文&j;" + PROSE[0])
_ROOT: Final = f"<w:document {word.NAMESPACES}><w:body>{_BODY}</w:body></w:document>"


def _docx_with(doctype: str) -> bytes:
    """A Word document whose main part declares entities and uses one."""
    return replaced_member(word.package(""), "word/document.xml", (doctype + _ROOT).encode())


def _xlsx_with(doctype: str) -> bytes:
    strings = f'{doctype}<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>&j;</t></si></sst>'
    return replaced_member(seeds("xlsx")[0], "xl/sharedStrings.xml", strings.encode())


def _ofd_with(doctype: str) -> bytes:
    content = doctype + ofd.page(ofd.text(PROSE[0], 20, 30)).replace("系统", "&j;")
    return replaced_member(
        ofd.make_ofd([ofd.page()]), "Doc_0/Pages/Page_0/Content.xml", content.encode()
    )


def _flat_with(doctype: str) -> bytes:
    return (
        seeds("word-xml")[0]
        .replace(b"?>", f"?>{doctype}".encode(), 1)
        .replace("系统".encode(), b"&j;")
    )


def _html_deep(tag: str, depth: int) -> bytes:
    return f"<html><body>{f'<{tag}>' * depth}{_P}".encode()


def _html_attributes() -> bytes:
    listed = " ".join(f'a{n}="{n}"' for n in range(200_000))
    return f"<html><body><p {listed}>{PROSE[0]}</p>".encode()


def _html_table(span: int) -> bytes:
    row = f"<tr><td colspan={span} rowspan={span}>{PROSE[0]}<td>{PROSE[1]}</tr>"
    return f"<html><table>{row * 300}</table>".encode()


def _rtf(body: bytes) -> bytes:
    return seeds("rtf")[0].rstrip(b"}") + body


_TEXT: Final = "".join(f"\\'{byte:02x}" for byte in PROSE[0].encode("gbk")).encode()

BOMBS: Final = (
    Bomb("docx-billion-laughs", "docx", lambda: _docx_with(_laughs()), ("damaged",)),
    Bomb("xlsx-billion-laughs", "xlsx", lambda: _xlsx_with(_laughs()), _ANY),
    Bomb("ofd-billion-laughs", "ofd", lambda: _ofd_with(_laughs()), _ANY),
    Bomb("word-xml-billion-laughs", "word-xml", lambda: _flat_with(_laughs()), ("damaged",)),
    Bomb("html-billion-laughs", "html", lambda: (_laughs() + f"<html><p>&j;{_P}").encode(), _ANY),
    *(
        Bomb(
            f"{format}-xxe-{number}-{kind}",
            format,
            lambda m=make, d=declare, t=target: m(d(t)),
            _ANY,
        )
        for number, target in enumerate(_TARGETS)
        for kind, declare in (("entity", _external), ("parameter", _parameter))
        for format, make in (
            ("docx", _docx_with),
            ("xlsx", _xlsx_with),
            ("ofd", _ofd_with),
            ("word-xml", _flat_with),
        )
    ),
    Bomb(
        "html-asks-for-files",
        "html",
        lambda: (
            '<html><base href="http://127.0.0.1:9/"><link rel=stylesheet href=x><iframe src='
            '"file:///etc/passwd"></iframe><img src=x><meta http-equiv=refresh content="0;url=x">'
            + _P
        ).encode(),
        READ,
    ),
    *(
        Bomb(f"html-{depth}-{tag}", "html", lambda t=tag, d=depth: _html_deep(t, d), _ANY)
        for tag in ("div", "b", "table", "ul", "font", "a")
        for depth in (300, 200_000)
    ),
    Bomb("html-200000-attributes", "html", _html_attributes, (*_ANY, "timeout")),
    Bomb("html-spans-of-1000", "html", lambda: _html_table(1000), _ANY),
    Bomb("html-spans-of-1e9", "html", lambda: _html_table(10**9), _ANY),
    Bomb("html-open-comment", "html", lambda: f"<html>{_P}{'<!--' * 300_000}".encode(), _ANY),
    Bomb("html-300000-ampersands", "html", lambda: f"<html>{_P}{'&' * 300_000}".encode(), _ANY),
    Bomb("html-a-million-less-than", "html", lambda: f"<html>{_P}{'<' * 1_000_000}".encode(), _ANY),
    Bomb("rtf-200000-groups", "rtf", lambda: _rtf(b"{" * 200_000 + _TEXT), _ANY),
    Bomb("rtf-groups-closed", "rtf", lambda: _rtf(b"{" * 200_000 + _TEXT + b"}" * 200_000), _ANY),
    Bomb("rtf-bin-2147483647", "rtf", lambda: _rtf(b"\\bin2147483647 " + _TEXT), _ANY),
    Bomb("rtf-bin-negative", "rtf", lambda: _rtf(b"\\bin-5 " * 9999 + _TEXT), _ANY),
    Bomb("rtf-uc-huge", "rtf", lambda: _rtf(b"\\uc999999999\\u-1?" + _TEXT), _ANY),
    Bomb("rtf-cells", "rtf", lambda: _rtf(b"\\trowd" + b"\\cellx1" * 300_000 + b"\\row"), _ANY),
    Bomb("rtf-long-word", "rtf", lambda: _rtf(b"\\" + b"a" * 1_000_000 + b"9" * 1_000_000), _ANY),
    Bomb(
        "rtf-nested-tables", "rtf", lambda: _rtf(b"\\itap999999999\\nestcell\\nestrow" * 9999), _ANY
    ),
    Bomb("mhtml-deep-multipart", "mhtml", lambda: _mhtml_deep(2000), _ANY),
    Bomb("mhtml-frames-in-a-circle", "mhtml", lambda: _mhtml_circle(), _ANY),
)


def _mhtml_deep(depth: int) -> bytes:
    (data,) = seeds("mhtml")
    head, _, body = data.partition(b"----=_b\r\n")
    parts = b"".join(
        b'----=_b%s\r\nContent-Type: multipart/related; boundary="--=_b%d"\r\n\r\n'
        % (b"" if not n else b"%d" % (n - 1), n)
        for n in range(depth)
    )
    return head + parts + b"----=_b%d\r\n" % (depth - 1) + body


def _mhtml_circle() -> bytes:
    (data,) = seeds("mhtml")
    head, _, _ = data.partition(b"----=_b\r\n")
    part = (
        b"----=_b\r\nContent-Type: text/html\r\nContent-Location: https://example.org/%s\r\n\r\n"
        b'<html><frameset><frame src="https://example.org/%s"></frameset></html>\r\n'
    )
    return head + part % (b"a", b"b") + part % (b"b", b"a") + b"----=_b--\r\n"
