"""Build the sample documents from ``source/``: PDF, DOCX, HTML and GB18030 text.

Run ``python data/samples/build.py`` with the ``test`` extra installed. The sources are
light Markdown: front matter (the cover), headings, paragraphs, lists and pipe tables.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

import reportlab.platypus as flow
from docx import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm
from markdown_it import MarkdownIt
from reportlab.lib.colors import black, lightgrey
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus.tableofcontents import TableOfContents

HERE = Path(__file__).parent
FONT = "STSong-Light"
LEFT, RIGHT, WIDTH = 25 * mm, A4[0] - 25 * mm, A4[0] - 50 * mm


@dataclass(frozen=True, slots=True)
class Part:
    """A run of lines of one kind: ``h1`` to ``h3``, ``p``, ``ol``, ``ul`` or ``table``."""

    kind: str
    lines: list[str]

    @property
    def rows(self) -> list[list[str]]:
        cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in self.lines]
        return cells[:1] + cells[2:]

    @property
    def shares(self) -> list[float]:
        """Share of the table's width that each column gets."""
        weights = [min(20, max(map(len, column))) + 2.5 for column in zip(*self.rows, strict=True)]
        return [weight / sum(weights) for weight in weights]


@dataclass(frozen=True, slots=True)
class Source:
    """The fields of the cover and the body, as written and in parts."""

    cover: dict[str, str]
    body: str

    @property
    def lines(self) -> list[str]:
        """What stands on the cover below title and subtitle."""
        return [f"{key}：{text}" for key, text in list(self.cover.items())[2:]]

    @property
    def parts(self) -> list[Part]:
        lines = [split_mark(line) for line in self.body.splitlines() if line]
        runs = groupby(lines, key=lambda pair: pair[0])
        return [Part(kind, [text for _, text in run]) for kind, run in runs]


def read(path: Path) -> Source:
    _, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
    return Source(dict(line.split(": ", 1) for line in front.splitlines()), body)


def split_mark(line: str) -> tuple[str, str]:
    """Kind of a line and its text without the mark."""
    if found := re.match(r"(#+) |(\d+\.) |(-) ", line):
        kind = ("", f"h{len(found[1] or '')}", "ol", "ul")[found.lastindex or 0]
        return kind, line[found.end() :]
    return ("table" if line.startswith("|") else "p"), line


def style(name: str, size: float, **rest: Any) -> ParagraphStyle:
    leading = 1.6 * size
    return ParagraphStyle(
        name, fontName=FONT, fontSize=size, leading=leading, wordWrap="CJK", **rest
    )


STYLES = {
    "title": style("title", 24, alignment=1, spaceAfter=12 * mm),
    "subtitle": style("subtitle", 16, alignment=1, spaceAfter=70 * mm),
    "cover": style("cover", 13, alignment=1, spaceAfter=3 * mm),
    "h1": style("h1", 17, alignment=1, spaceBefore=8 * mm, spaceAfter=4 * mm, keepWithNext=1),
    "h2": style("h2", 13.5, spaceBefore=3 * mm, spaceAfter=2 * mm, keepWithNext=1),
    "h3": style("h3", 12, spaceBefore=2 * mm, spaceAfter=1 * mm, keepWithNext=1),
    "p": style("p", 11, firstLineIndent=22, spaceAfter=1 * mm),
    "item": style("item", 11, leftIndent=22, spaceAfter=0.6 * mm),
    "cell": style("cell", 9.5),
}


class TenderPdf(flow.BaseDocTemplate):
    """Tells the table of contents where the chapters and sections stand."""

    def afterFlowable(self, flowable: Any) -> None:
        name = getattr(getattr(flowable, "style", None), "name", "")
        if name in ("h1", "h2"):
            self.notify("TOCEntry", (int(name[1]) - 1, flowable.getPlainText(), self.page))


def build_pdf(source: Source, target: Path) -> None:
    def furniture(canvas: Any, pdf: Any) -> None:
        canvas.setFont(FONT, 9)
        canvas.drawString(LEFT, A4[1] - 16 * mm, source.cover["title"])
        canvas.drawRightString(RIGHT, A4[1] - 16 * mm, source.cover["项目编号"])
        canvas.line(LEFT, A4[1] - 18 * mm, RIGHT, A4[1] - 18 * mm)
        canvas.drawCentredString(A4[0] / 2, 13 * mm, f"第 {pdf.page} 页")

    frame = flow.Frame(LEFT, 22 * mm, WIDTH, A4[1] - 44 * mm, 0, 0, 0, 0)
    pages = [flow.PageTemplate("cover", [frame]), flow.PageTemplate("body", [frame], furniture)]
    pdf = TenderPdf(str(target), pagesize=A4, title=source.cover["title"], author="", invariant=1)
    pdf.addPageTemplates(pages)
    toc = TableOfContents(dotsMinLevel=0)
    toc.levelStyles = [style("toc1", 11), style("toc2", 10.5, leftIndent=18)]
    story: list[Any] = [flow.NextPageTemplate("body"), flow.Spacer(0, 45 * mm)]
    story += [flow.Paragraph(source.cover[key], STYLES[key]) for key in ("title", "subtitle")]
    story += [flow.Paragraph(line, STYLES["cover"]) for line in source.lines]
    story += [flow.PageBreak(), flow.Paragraph("目　录", STYLES["title"]), toc, flow.PageBreak()]
    for part in source.parts:
        story += pdf_part(part)
    pdf.multiBuild(story)


def pdf_part(part: Part) -> list[Any]:
    if part.kind == "table":
        cells = [[flow.Paragraph(text, STYLES["cell"]) for text in row] for row in part.rows]
        table = flow.Table(cells, [share * WIDTH for share in part.shares], repeatRows=1)
        grid = ("GRID", (0, 0), (-1, -1), 0.5, black)
        head = ("BACKGROUND", (0, 0), (-1, 0), lightgrey)
        table.setStyle([grid, head, ("VALIGN", (0, 0), (-1, -1), "MIDDLE")])
        return [flow.Spacer(0, 1.5 * mm), table, flow.Spacer(0, 3 * mm)]
    if part.kind in ("ol", "ul"):
        labels = [f"{n}." if part.kind == "ol" else "●" for n in range(1, len(part.lines) + 1)]
        items = zip(part.lines, labels, strict=True)
        return [flow.Paragraph(line, STYLES["item"], label) for line, label in items]
    return [flow.Paragraph(line, STYLES[part.kind]) for line in part.lines]


def build_docx(source: Source, target: Path) -> None:
    word: Any = Document()
    for name in ("Normal", "Title", "Subtitle", "Heading 1", "Heading 2", "Heading 3"):
        fonts = word.styles[name].element.get_or_add_rPr().get_or_add_rFonts()
        fonts.attrib.clear()
        for script in ("ascii", "hAnsi", "eastAsia"):
            fonts.set(qn(f"w:{script}"), "宋体")
    facts, section = word.core_properties, word.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    facts.author, facts.comments, facts.title = "", "", source.cover["title"]
    facts.created = facts.modified = datetime(2025, 1, 1)
    section.different_first_page_header_footer = True
    header, footer = section.header.paragraphs[0], section.footer.paragraphs[0]
    header.text = f"{source.cover['title']}\t\t{source.cover['项目编号']}"
    footer.text = "\t第 "
    add_field([footer], "PAGE", ["1"])
    footer.add_run(" 页")
    for line, name in zip(list(source.cover.values())[:2], ("Title", "Subtitle"), strict=True):
        word.add_paragraph(line, name)
    for line in source.lines:
        word.add_paragraph(line)
    word.add_page_break()
    word.add_paragraph("目录", "TOC Heading")
    chapters = [line for part in source.parts if part.kind == "h1" for line in part.lines]
    entry = word.styles.add_style("toc 1", 1)
    # Switch \n leaves the page numbers out: only a word processor could know them.
    add_field([word.add_paragraph("", entry) for _ in chapters], r'TOC \o "1-1" \n \h', chapters)
    word.add_page_break()
    for part in source.parts:
        docx_part(word, part)
    word.save(str(target))


def add_field(paragraphs: list[Any], code: str, result: list[str]) -> None:
    """A field over ``paragraphs``, each of which shows one text of its result."""
    for kind in ("begin", "instruction", "separate"):
        add_field_mark(paragraphs[0], kind, code)
    for paragraph, text in zip(paragraphs, result, strict=True):
        paragraph.add_run(text)
    add_field_mark(paragraphs[-1], "end")


def add_field_mark(paragraph: Any, kind: str, code: str = "") -> None:
    mark = OxmlElement("w:instrText" if kind == "instruction" else "w:fldChar")
    if kind == "instruction":
        mark.text = code
    else:
        mark.set(qn("w:fldCharType"), kind)
    paragraph.add_run()._r.append(mark)


def docx_part(word: Any, part: Part) -> None:
    if part.kind == "table":
        docx_table(word, part)
    elif part.kind == "ol":
        number_from_one(word, [word.add_paragraph(line, "List Number") for line in part.lines])
    else:
        names = {"p": "Normal", "ul": "List Bullet"}
        for line in part.lines:
            word.add_paragraph(line, names.get(part.kind, f"Heading {part.kind[1:]}"))


def docx_table(word: Any, part: Part) -> None:
    table = word.add_table(len(part.rows), len(part.shares), "Table Grid")
    section = word.sections[0]
    room = section.page_width - section.left_margin - section.right_margin
    for texts, row in zip(part.rows, table.rows, strict=True):
        for text, cell in zip(texts, row.cells, strict=True):
            cell.text = text
    for share, column in zip(part.shares, table.columns, strict=True):
        column.width = int(share * room)
        for cell in column.cells:
            cell.width = column.width
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    word.add_paragraph()


def number_from_one(word: Any, paragraphs: list[Any]) -> None:
    numbering = word.part.numbering_part.element
    used = word.styles["List Number"].element.pPr.numPr.numId.val
    instance = numbering.add_num(numbering.num_having_numId(used).abstractNumId.val)
    instance.add_lvlOverride(0).add_startOverride(1)
    for paragraph in paragraphs:
        properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
        properties.get_or_add_ilvl().val = 0
        properties.get_or_add_numId().val = instance.numId


def build_html(source: Source, target: Path) -> None:
    title, subtitle = (escape(text) for text in list(source.cover.values())[:2])
    cover = "\n".join(f"<p>{escape(line)}</p>" for line in source.lines)
    below = re.sub(r"^#", "##", source.body, flags=re.MULTILINE)
    main = MarkdownIt("commonmark").enable("table").render(below)
    head = f'<!DOCTYPE html>\n<html lang="zh-CN">\n<head>\n<meta charset="utf-8">\n<title>{title}'
    body = f"<h1>{title}</h1>\n<p>{subtitle}</p>\n{cover}\n{main}"
    page = f"{head}</title>\n</head>\n<body>\n{body}</body>\n</html>\n"
    target.write_text(page, encoding="utf-8")


def main() -> None:
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    for stem in ("civil-service-supervision", "office-furniture-goods"):
        build_pdf(read(HERE / f"source/{stem}.md"), HERE / f"{stem}.pdf")
    for stem in ("civil-service-assistance", "smart-campus-mixed"):
        build_docx(read(HERE / f"source/{stem}.md"), HERE / f"{stem}.docx")
    build_html(read(HERE / "source/community-elder-care.md"), HERE / "community-elder-care.html")
    riders = (HERE / "source/delivery-riders-srs.txt").read_text(encoding="utf-8")
    (HERE / "delivery-riders-srs.txt").write_bytes(riders.replace("\n", "\r\n").encode("gb18030"))


if __name__ == "__main__":
    main()
