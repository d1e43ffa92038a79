"""The marked DOCX: comments hold just their sentences, and no text or format changes."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import docx
import pytest
from docx.document import Document as WordFile
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]
from marked_files import BOTH, CONTROL, HELP, LABELS, PLAIN, report_on
from word_files import NAMESPACES, TYPES, p, package, table, tc

from classifier import MarkingError, MarkingFault
from classifier.extract import router
from classifier.limits import Limits

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml"
TEXT_BOX = "<mc:AlternateContent><mc:Choice><w:drawing><wps:txbx><w:txbxContent>{}</w:txbxContent></wps:txbx></w:drawing></mc:Choice></mc:AlternateContent>"


def whole(body: str, kind: str = f"{MAIN}.document.main+xml", **parts: str) -> bytes:
    """A package that names the content types of its parts, as Word's own do."""
    overrides = {"document": kind} | {name: f"{MAIN}.{name}+xml" for name in parts}
    listed = "".join(
        f'<Override PartName="/word/{name}.xml" ContentType="{kind}"/>'
        for name, kind in overrides.items()
    )
    rels = "application/vnd.openxmlformats-package.relationships+xml"
    types = TYPES.replace(
        "</Types>", f'<Default Extension="rels" ContentType="{rels}"/>{listed}</Types>'
    )
    return changed(package(body, **parts), "[Content_Types].xml", types)


def changed(data: bytes, member: str, content: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            new.writestr(name, content if name == member else old.read(name))
    return buffer.getvalue()


def marked(data: bytes, folder: Path) -> bytes:
    """The copy; reads as the original, with every mark placed."""
    path = folder / "副本.docx"
    report = report_on(data, "原件.docx")
    copy = report.to_marked_copy(data, path)
    assert not copy.unplaced
    assert copy.marked == sum(s.orientation != "neutral" for s in report.sentences)
    read = router.read(path.read_bytes(), "原件.docx", Limits())
    assert replace(read, sha256="") == replace(report.document, sha256="")
    return path.read_bytes()


def commented(data: bytes) -> dict[str, str]:
    """Text between the two ends of each comment of ours, and its note."""
    file = open_word(data)
    open_ranges: dict[str, str] = {}
    found: dict[str, str] = {}
    for node in file.element.iter():
        number = node.get(f"{W}id", "")
        if node.tag == f"{W}commentRangeStart":
            open_ranges[number] = ""
        elif node.tag == f"{W}commentRangeEnd":
            comment = file.comments.get(int(number))
            assert comment is not None
            if comment.author == "tenderlens":
                found[open_ranges.pop(number)] = "\n".join(p.text for p in comment.paragraphs)
        elif node.tag == f"{W}t":
            open_ranges = {key: text + (node.text or "") for key, text in open_ranges.items()}
    return found


def open_word(data: bytes) -> WordFile:
    return docx.Document(io.BytesIO(data))


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def looks(data: bytes) -> list[tuple[str, bytes]]:
    """Every character with the properties of its run."""
    return [
        (char, b"" if r.find(f"{W}rPr") is None else etree.tostring(r.find(f"{W}rPr")))
        for r in open_word(data).element.iter(f"{W}r")
        for t in r.iter(f"{W}t")
        for char in t.text or ""
    ]


def test_a_comment_holds_just_its_sentence_and_formats_stay(tmp_path: Path) -> None:
    joined = PLAIN + CONTROL + HELP + PLAIN
    first, second, third = joined[:20], joined[20:60], joined[60:]
    data = whole(f"<w:p>{run(first)}{run(second, '<w:b/>')}{run(third, '<w:i/>')}</w:p>")
    copy = marked(data, tmp_path)
    assert list(commented(copy)) == [CONTROL, HELP]
    assert looks(copy) == looks(data)
    assert len({look for _, look in looks(copy)}) == 3


def test_the_note_says_label_categories_probability_and_finding(tmp_path: Path) -> None:
    (note,) = commented(marked(whole(p(PLAIN + CONTROL)), tmp_path)).values()
    assert note.startswith("▼ 管控（概率")
    assert "C1 考勤查岗" in note and "生物特征考勤" in note


def test_tabs_breaks_and_symbols_between_sentences_are_kept(tmp_path: Path) -> None:
    inside = f'<w:r><w:t>{CONTROL}</w:t><w:tab/><w:t>{HELP}</w:t><w:br/><w:sym w:font="Wingdings" w:char="F06C"/><w:t>{BOTH}</w:t></w:r>'
    copy = marked(whole(f"<w:p>{inside}</w:p>"), tmp_path)
    assert list(commented(copy)) == [CONTROL, HELP, BOTH]
    tags = [node.tag for node in open_word(copy).element.iter(f"{W}tab", f"{W}br", f"{W}sym")]
    assert tags == [f"{W}tab", f"{W}br", f"{W}sym"]


def test_sentences_in_tables_links_and_insertions(tmp_path: Path) -> None:
    link = f"<w:hyperlink>{run(PLAIN + HELP)}</w:hyperlink>"
    added = f'<w:ins w:id="1" w:author="a">{run(BOTH[:9])}</w:ins><w:del w:id="2" w:author="a"><w:r><w:delText>不是</w:delText></w:r></w:del>{run(BOTH[9:])}'
    body = table(tc(p("序号")) + tc(p(PLAIN + CONTROL))) + f"<w:p>{link}</w:p><w:p>{added}</w:p>"
    assert list(commented(marked(whole(body), tmp_path))) == [CONTROL, HELP, BOTH]


def test_a_repeated_sentence_is_marked_where_it_stands(tmp_path: Path) -> None:
    contents = p(f"{PLAIN}\t1", '<w:pStyle w:val="t1"/>')
    body = contents + p(HELP + PLAIN + HELP) + p(HELP)
    copy = marked(whole(body), tmp_path)
    starts = list(open_word(copy).element.iter(f"{W}commentRangeStart"))
    paragraphs = list(open_word(copy).element.iter(f"{W}p"))
    assert [len(list(q.iter(f"{W}commentRangeStart"))) for q in paragraphs] == [0, 2, 1]
    assert len({start.get(f"{W}id") for start in starts}) == 3


def test_a_text_box_is_marked_at_its_anchor_with_the_sentence_quoted(tmp_path: Path) -> None:
    box = TEXT_BOX.format(p(CONTROL))
    copy = marked(whole(f"<w:p>{run(PLAIN)}<w:r>{box}</w:r></w:p>"), tmp_path)
    ((inside, note),) = commented(copy).items()
    assert inside == CONTROL and note.startswith(f"“{CONTROL}”\n▼")
    content = next(open_word(copy).element.iter(f"{W}txbxContent"))
    assert not list(content.iter(f"{W}commentRangeStart")), "Word takes no comments in text boxes"


def test_a_footnote_is_marked_at_its_reference(tmp_path: Path) -> None:
    notes = (
        f'<w:footnotes {NAMESPACES}><w:footnote w:id="7">{p(CONTROL)}</w:footnote></w:footnotes>'
    )
    body = f'<w:p>{run(PLAIN)}<w:r><w:footnoteReference w:id="7"/></w:r></w:p>'
    ((inside, note),) = commented(marked(whole(body, footnotes=notes), tmp_path)).items()
    assert inside == "" and note.startswith(f"“{CONTROL}”")


def test_comments_that_are_there_stay(tmp_path: Path) -> None:
    file = docx.Document()
    paragraph = file.add_paragraph(PLAIN + CONTROL)
    file.add_comment(paragraph.runs, "请核实", author="审核员")
    buffer = io.BytesIO()
    file.save(buffer)
    copy = marked(buffer.getvalue(), tmp_path)
    both = open_word(copy).comments
    assert [(c.author, c.comment_id) for c in both] == [("审核员", 0), ("tenderlens", 1)]
    assert list(commented(copy)) == [CONTROL]


@pytest.mark.parametrize(
    "data",
    [
        package(p(CONTROL)),
        whole(p(CONTROL), "application/vnd.ms-word.document.macroEnabled.main+xml"),
    ],
    ids=["no content type", "with macros"],
)
def test_what_python_docx_does_not_open_is_refused_with_advice(data: bytes, tmp_path: Path) -> None:
    report = report_on(data, "原件.docx", LABELS)
    with pytest.raises(MarkingError) as caught:
        report.to_marked_copy(data, tmp_path / "a.docx")
    assert caught.value.fault is MarkingFault.NOT_EDITABLE
    assert "另存" in caught.value.fault.next_step
    assert not (tmp_path / "a.docx").exists()
