"""OFD as a package: several documents, attachments, odd paths, limits, and damage that is told."""

from __future__ import annotations

import io
import random
import zipfile

import pytest
from ofd_files import MM, NS, PROSE, line, make_ofd, page, read_ofd, reason, text, texts

from classifier.document import Document, TextLayer
from classifier.errors import ExtractionError, Reason
from classifier.limits import Limits


def test_several_documents_are_read_one_after_the_other():
    body = "<ofd:DocBody><ofd:DocRoot>/Doc_1/Document.xml</ofd:DocRoot></ofd:DocBody>"
    second = f'<ofd:Document {NS}><ofd:Pages><ofd:Page ID="1" BaseLoc="/Doc_1/P.xml"/></ofd:Pages></ofd:Document>'
    area = "<ofd:PhysicalBox>0 0 100 50</ofd:PhysicalBox>"
    data = make_ofd(
        [page(text("前一个文档。", 30, 50))],
        bodies=body,
        parts={
            "Doc_1/Document.xml": second,
            "Doc_1/P.xml": page(text("后一个文档。", 30, 20), area=area),
        },
    )
    document = read_ofd(data)
    assert texts(document) == ["前一个文档。", "后一个文档。"]
    assert document.blocks[1].page == 2
    assert document.page_sizes[1] == pytest.approx((100 * MM, 50 * MM), abs=0.01)
    assert "2 个文档" in document.notes[0] and document.reason is Reason.OK


def test_attachments_are_named():
    listed = (
        f'<ofd:Attachments {NS}><ofd:Attachment ID="1" Name="报价表.xlsx"><ofd:FileLoc>a</ofd:FileLoc></ofd:Attachment>'
        '<ofd:Attachment ID="2" Name="内部.xml" Visible="false"/></ofd:Attachments>'
    )
    data = make_ofd(
        [page(text("正文内容。", 30, 50))],
        rest="<ofd:Attachments>Attachs/Attachments.xml</ofd:Attachments>",
        parts={"Doc_0/Attachs/Attachments.xml": listed},
    )
    document = read_ofd(data)
    assert document.reason is Reason.OK_PARTIAL
    assert "报价表.xlsx" in document.notes[0] and "内部.xml" not in document.notes[0]


def test_paths_and_namespaces_that_programs_get_wrong():
    data = make_ofd([page(text("应支持导出。", 30, 50))])
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w") as target:
        for name in source.namelist():
            content = source.read(name).decode().replace(NS, 'xmlns:ofd="urn:other"')
            content = content.replace("Pages/Page_0", "Doc_0\\Pages/Page_0")
            target.writestr(name, content)
    assert read_ofd(buffer.getvalue()).text == "应支持导出。"


def test_member_names_in_gbk_are_found():
    data = make_ofd([page(text("应支持导出。", 30, 50))])
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w") as target:
        for name in source.namelist():
            content = source.read(name).decode().replace("Page_0", "页面")
            info = zipfile.ZipInfo(name.replace("Page_0", "@@@@"))
            target.writestr(info, content)
    renamed = buffer.getvalue().replace(b"@@@@", "页面".encode("gbk"))
    assert read_ofd(renamed).text == "应支持导出。"


def test_a_broken_page_leaves_the_others():
    good = page(text("完好的页。", 30, 50))
    cut = page(text(PROSE, 30, 50), text("前面还在。", 30, 90)).partition("</ofd:Layer>")[0]
    document = read_ofd(make_ofd([good, "<ofd:Page", cut, good]))
    assert texts(document) == ["完好的页。", PROSE, "前面还在。", "完好的页。"]
    assert document.pages[1].text_layer is TextLayer.DAMAGED
    assert document.reason is Reason.OK_PARTIAL
    assert "第 2 页" in document.notes[0] and "第 3 页" in document.notes[1]


def test_entity_bombs_are_refused():
    bomb = '<!DOCTYPE a [<!ENTITY a "哈哈哈哈哈哈哈哈哈哈">'
    for name, inner in zip("bcdefgh", "abcdefg", strict=True):
        bomb += f'<!ENTITY {name} "{f"&{inner};" * 10}">'
    evil = bomb + "]>" + page(text("@", 30, 50)).replace("@", "&h;")
    quoted = bomb + "]>" + page(text("字", 30, 50)).replace('Y="3.44"', 'Y="&h;"')
    document = read_ofd(make_ofd([evil, quoted, page(text("完好的页。", 30, 50))]))
    assert document.text == "完好的页。"
    assert [found.text_layer for found in document.pages[:2]] == [TextLayer.DAMAGED] * 2


def test_external_entities_are_not_read(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("机密")
    declared = f'<!DOCTYPE a [<!ENTITY s SYSTEM "{secret.as_uri()}">]>'
    evil = declared + page(text("@", 30, 50)).replace("@", "&s;")
    assert "机密" not in read_ofd(make_ofd([evil, page(text("完好的页。", 30, 50))])).text


def test_encrypted_files_and_limits():
    parts = {"Encryptions.xml": f"<ofd:Encryptions {NS}/>"}
    assert reason(make_ofd([page(text("正文", 30, 50))], parts=parts)) is Reason.ENCRYPTED
    pages = [page(text(PROSE, 30, 50))] * 3
    assert reason(make_ofd(pages), Limits(pages=2)) is Reason.TOO_LARGE
    assert reason(make_ofd(pages), Limits(chars=50)) is Reason.TOO_LARGE
    assert reason(make_ofd(pages), Limits(unpacked_bytes=500)) is Reason.TOO_LARGE
    assert reason(make_ofd([page()])) is Reason.EMPTY


def test_spoiled_files_end_in_a_document_or_a_reason():
    rng = random.Random(33190)
    rules = [line(30, y, 150, y) for y in (50, 60, 70)] + [line(30, 50, 30, 70)]
    pages = [page(text(PROSE, 30, 50), *rules), page(text(PROSE, 30, 50), text("甲", 30, 60))]
    whole = make_ofd(pages)
    parts = {
        name: zipfile.ZipFile(io.BytesIO(whole)).read(name)
        for name in zipfile.ZipFile(io.BytesIO(whole)).namelist()
    }
    for _ in range(100):
        end = rng.randrange(40, len(whole))
        flipped = bytearray(whole)
        for _ in range(rng.randrange(1, 6)):
            flipped[rng.randrange(len(flipped))] = rng.randrange(256)
        spoiled = dict(parts)
        name = rng.choice(list(spoiled))
        content = bytearray(spoiled[name])
        at = rng.randrange(len(content))
        content[at : at + rng.randrange(1, 9)] = rng.choice(
            (b"", b"<", b'"', b"-1e308", b"&x;", b"\0", b"/>", b"99999999 g")
        )
        spoiled[name] = bytes(content)
        rebuilt = io.BytesIO()
        with zipfile.ZipFile(rebuilt, "w") as target:
            for part, value in spoiled.items():
                target.writestr(part, value)
        for data in (whole[:end], bytes(flipped), rebuilt.getvalue()):
            try:
                assert isinstance(read_ofd(data), Document)
            except ExtractionError as error:
                assert error.reason is not Reason.CRASHED
