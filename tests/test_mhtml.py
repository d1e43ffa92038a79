"""Web archives and Word's single-file formats: the page inside is read, its charset respected."""

from __future__ import annotations

import io
import quopri
import random
import time
import zipfile
from base64 import encodebytes
from xml.sax.saxutils import quoteattr

import docx
import pytest

from classifier.document import BlockKind, Document
from classifier.errors import ExtractionError, Reason
from classifier.extract.router import detect, read
from classifier.extract.word.flat_opc import read_flat_opc
from classifier.limits import Limits

PAGE = (
    "<html><head><title>公告</title></head><body><h1>采购公告</h1><p>应支持导出。</p></body></html>"
)
BROWSER = (
    "From: <Saved by Blink>\r\nSnapshot-Content-Location: https://example.org/a\r\n"
    "Subject: =?utf-8?Q?=E9=87=87=E8=B4=AD?=\r\n =?utf-8?Q?=E5=85=AC=E5=91=8A?=\r\n"
    'MIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n\ttype="text/html";\r\n'
    '\tboundary="--=_b"\r\n\r\n'
)
WORD = 'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="--=_b"\r\n\r\n'


def part(body: bytes, headers: str) -> bytes:
    return b"----=_b\r\n" + headers.encode() + b"\r\n\r\n" + body + b"\r\n"


def html(content: bytes, charset: str = "utf-8", more: str = "") -> bytes:
    headers = (
        f"Content-Type: text/html; charset={charset}\r\nContent-Transfer-Encoding: quoted-printable"
    )
    return part(quopri.encodestring(content), headers + more)


def archive(*parts: bytes, head: str = BROWSER) -> bytes:
    return head.encode() + b"".join(parts) + b"----=_b--\r\n"


def texts(data: bytes, name: str = "a.mhtml") -> list[str]:
    document = read(data, name, Limits())
    assert document.format == "mhtml"
    return [block.text for block in document.blocks]


def test_a_saved_page_is_read_as_html():
    picture = part(
        encodebytes(bytes(300)), "Content-Type: image/png\r\nContent-Transfer-Encoding: base64"
    )
    document = read(archive(html(PAGE.encode()), picture), "公告.mht", Limits())
    assert [(block.text, block.kind) for block in document.blocks] == [
        ("采购公告", BlockKind.HEADING),
        ("应支持导出。", BlockKind.PARAGRAPH),
    ]
    assert (document.format, document.reason, document.notes) == ("mhtml", Reason.OK, ())


@pytest.mark.parametrize("charset", ["gb2312", "gb18030", "big5", "utf-8", "utf-16"])
def test_the_charset_of_the_part_decides(charset: str):
    page = "<html><meta charset=iso-8859-1><p>系統應支持匯出。</p></html>"
    if charset == "gb2312":
        page = page.replace("系統應支持匯出", "系统应支持导出")
    body = part(
        encodebytes(page.encode(charset)),
        f"Content-Type: text/html; charset={charset}\r\nContent-Transfer-Encoding: base64",
    )
    assert texts(archive(body)) in (["系统应支持导出。"], ["系統應支持匯出。"])


def test_without_a_charset_the_page_itself_is_asked():
    page = "<html><meta charset=gb2312><p>系统应支持导出。</p></html>".encode("gb2312")
    body = part(page, "Content-Type: text/html\r\nContent-Transfer-Encoding: 8bit")
    assert texts(archive(body)) == ["系统应支持导出。"]


def test_the_root_part_may_stand_behind_others():
    side = html("<p>页眉</p>".encode())
    root = html(PAGE.encode(), more="\r\nContent-ID: <root@a>")
    head = BROWSER.replace('type="text/html"', 'type="text/html"; start="<root@a>"')
    assert texts(archive(side, root, head=head)) == ["采购公告", "应支持导出。"]


def test_frames_are_told_or_taken_where_the_page_has_no_text():
    inner = html("<p>框架中的正文。</p>".encode())
    shell = html(b'<html><frameset><frame src="cid:a"></frameset></html>')
    assert texts(archive(shell, inner)) == ["框架中的正文。"]
    around = html((PAGE + '<iframe id="x" src="cid:a"></iframe>').encode())
    document = read(archive(around, inner), "a.mht", Limits())
    assert document.text == "采购公告\n应支持导出。"
    assert document.reason is Reason.OK_PARTIAL and "框架" in document.notes[0]


def test_a_page_that_word_calls_doc():
    document = read(archive(html(PAGE.encode()), head=WORD), "公告.doc", Limits())
    assert (document.format, document.text) == ("mhtml", "采购公告\n应支持导出。")


def test_a_mail_is_no_web_archive():
    mail = BROWSER.replace("Subject:", "To: a@example.org\r\nSubject:")
    with pytest.raises(ExtractionError):
        assert detect(archive(html(PAGE.encode()), head=mail)) == "mhtml"


def test_a_cut_archive_says_so():
    whole = archive(html((PAGE + "<p>" + "应支持查询。" * 50).encode()))
    document = read(whole[:-120], "a.mht", Limits())
    assert document.text.startswith("采购公告")
    assert document.reason is Reason.OK_PARTIAL and "不完整" in document.notes[-1]


@pytest.mark.parametrize(
    "data",
    [
        BROWSER.encode() + b"----=_b\r\nContent-Type: text/html" + b';"' * 200_000 + b"\r\n\r\nx",
        WORD.encode() + b'----=_b\r\nContent-Type: multipart/mixed; boundary="x"\r\n\r\n' * 5000,
        WORD.encode() + b"----=_b\r\nContent-Type: message/rfc822\r\n\r\n" * 5000,
        archive(head=WORD),
    ],
)
def test_archives_made_to_cost_time_or_depth_end_with_a_reason(data: bytes):
    start = time.process_time()
    with pytest.raises(ExtractionError) as caught:
        read(data, "a.mht", Limits())
    assert caught.value.reason in (Reason.DAMAGED, Reason.EMPTY)
    assert time.process_time() - start < 2


def test_spoiled_archives_end_in_a_document_or_a_reason():
    rng = random.Random(2557)
    whole = archive(html(PAGE.encode()), part(b"abc", "Content-Type: text/css"))
    for _ in range(200):
        spoiled = bytearray(whole)
        for _ in range(rng.randrange(1, 8)):
            spoiled[rng.randrange(len(spoiled))] = rng.randrange(256)
        try:
            assert isinstance(read(bytes(spoiled), "a.mht", Limits()), Document)
        except ExtractionError as error:
            assert error.reason is not Reason.CRASHED


def flat_package(text: str) -> bytes:
    source = docx.Document()
    source.add_heading("一、总则", 1)
    source.add_paragraph(text)
    buffer = io.BytesIO()
    source.save(buffer)
    out = ['<?xml version="1.0" encoding="UTF-8"?><?mso-application progid="Word.Document"?>']
    out.append('<pkg:package xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage">')
    with zipfile.ZipFile(buffer) as package:
        for name in package.namelist():
            content = package.read(name).decode("utf-8", "replace")
            if name.endswith((".xml", ".rels")):
                inner = content.partition("?>")[2] if content.startswith("<?xml") else content
                data = f"<pkg:xmlData>{inner}</pkg:xmlData>"
            else:
                data = f"<pkg:binaryData>{'QUJD' * 9}</pkg:binaryData>"
            out.append(f"<pkg:part pkg:name={quoteattr('/' + name)}>{data}</pkg:part>")
    return "".join([*out, "</pkg:package>"]).encode()


def test_word_documents_as_one_xml_file():
    document = read(flat_package("应支持导出。"), "需求.xml", Limits())
    assert [(block.text, block.kind) for block in document.blocks] == [
        ("一、总则", BlockKind.HEADING),
        ("应支持导出。", BlockKind.PARAGRAPH),
    ]


def test_broken_word_xml_ends_with_a_reason():
    whole = flat_package("应支持导出。")
    for data, expected in (
        (whole[:-200], Reason.DAMAGED),
        (whole.replace(b"/word/", b"/ppt/"), Reason.UNSUPPORTED),
        (b'<?xml version="1.0"?><w:wordDocument>', Reason.UNSUPPORTED),
    ):
        with pytest.raises(ExtractionError) as caught:
            read(data, "a.xml", Limits())
        assert caught.value.reason is expected
    declared = whole.replace(b"<pkg:package", b'<!DOCTYPE a [<!ENTITY a "b">]><pkg:package', 1)
    with pytest.raises(ExtractionError, match="DTD"):
        read_flat_opc(declared, "a.xml", Limits())
