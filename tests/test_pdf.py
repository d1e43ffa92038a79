"""The PDF reader on files that reportlab draws: what is printed must come back, with its place."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pdf_pages import (
    FONT,
    HEIGHT,
    LEFT,
    LONG,
    ROWS,
    SIZE,
    WIDTH,
    draw,
    put,
    read,
    table,
    texts,
    wrap,
)
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from classifier.document import AsideKind, BlockKind
from classifier.errors import ExtractionError, Reason
from classifier.extract.layout import pages as layout_of_pages
from classifier.limits import Limits


def test_wrapped_lines_become_one_paragraph():
    def page(canvas: Canvas) -> None:
        top = wrap(canvas, 100, LONG + "。")
        wrap(canvas, top, "第二段另起一行，内容较短。")

    assert texts(read(draw(page))) == [LONG + "。", "第二段另起一行，内容较短。"]


def test_numbered_lines_are_items_of_their_own():
    def page(canvas: Canvas) -> None:
        wrap(canvas, 90, LONG + "。")
        for row, text in enumerate(("（1）支持导出；", "（2）支持打印；", "★系统不得采集人脸。")):
            put(canvas, 200 + row * 18, text, LEFT + 24)

    document = read(draw(page))
    assert texts(document)[1:] == ["（1）支持导出；", "（2）支持打印；", "★系统不得采集人脸。"]
    assert {block.kind for block in document.blocks[1:]} == {BlockKind.LIST_ITEM}


def test_paragraph_goes_on_across_page_break_and_furniture():
    def page(number: int, body: Callable[[Canvas], object]) -> Callable[[Canvas], None]:
        def paint(canvas: Canvas) -> None:
            put(canvas, 40, "某某市政务服务平台采购文件", size=9)
            put(canvas, 800, f"第 {number} 页 共 4 页", 270, 9)
            body(canvas)

        return paint

    data = draw(
        page(1, lambda c: (wrap(c, 100, LONG * 3 + "。"), put(c, 700, LONG[:34], LEFT + 24))),
        page(2, lambda c: put(c, 80, LONG[34:60] + "。")),
        page(3, lambda c: put(c, 80, "第三页只有一句话。", LEFT + 24)),
        page(4, lambda c: put(c, 80, "第四页也只有一句话。", LEFT + 24)),
    )
    document = read(data)
    assert texts(document)[1] == LONG[:60] + "。"
    assert [line.page for line in document.blocks[1].lines] == [1, 2]
    kinds = [(aside.kind, aside.page) for aside in document.asides]
    assert kinds.count((AsideKind.HEADER, 3)) == 1
    assert sum(kind is AsideKind.PAGE_NUMBER for kind, _ in kinds) == 4
    assert "采购文件" not in document.text
    assert "共 4 页" not in document.text


def test_repeated_titles_with_counting_numbers_stay_in_the_body():
    def page(number: int) -> Callable[[Canvas], object]:
        return lambda canvas: (put(canvas, 60, f"附件{number}"), wrap(canvas, 120, LONG + "。"))

    assert texts(read(draw(*map(page, range(1, 5))))).count("附件3") == 1


def test_table_cells_have_address_header_and_joined_text():
    def page(canvas: Canvas) -> None:
        put(canvas, 60, "功能清单如下：")
        table(canvas, ROWS)
        put(canvas, 320, "以上功能缺一不可。")

    document = read(draw(page))
    cells = {(b.cell.row, b.cell.column): (b.text, b.cell) for b in document.blocks if b.cell}
    assert {place: text for place, (text, _) in cells.items()} == {
        (row, column): text
        for row, texts_ in enumerate(ROWS, 1)
        for column, text in enumerate(texts_, 1)
    }
    assert cells[2, 3][1].header == "功能要求"
    assert cells[1, 3][1].header == ""
    assert [b.text for b in document.blocks if not b.cell] == [
        "功能清单如下：",
        "以上功能缺一不可。",
    ]


def test_table_goes_on_across_pages_without_its_repeated_header():
    more = (ROWS[0], ("3", "数据导出", "支持导出为表格文件。"))
    document = read(draw(lambda c: table(c, ROWS, 600), lambda c: table(c, more, 80)))
    cells = [b for b in document.blocks if b.cell]
    assert {b.cell.table for b in cells if b.cell} == {1}
    last = cells[-1]
    assert last.cell is not None
    assert (last.text, last.cell.row, last.cell.header) == ("支持导出为表格文件。", 4, "功能要求")
    assert [(a.kind, a.page) for a in document.asides] == [(AsideKind.HEADER, 2)]


def test_row_cut_between_its_cells_is_one_row():
    upper = (*ROWS, ("3", "数据导出", ""))
    lower = (("", "", "支持导出为表格文件。"), ("4", "数据导入", "支持导入表格文件。"))
    document = read(draw(lambda c: table(c, upper, 560), lambda c: table(c, lower, 80)))
    cells = {(b.cell.table, b.cell.row, b.cell.column): b.text for b in document.blocks if b.cell}
    assert (cells[1, 4, 2], cells[1, 4, 3]) == ("数据导出", "支持导出为表格文件。")
    assert cells[1, 5, 1] == "4"


def test_row_with_a_cell_of_its_own_in_a_filled_column_is_not_joined():
    upper = (*ROWS, ("3", "数据导出。", ""))
    lower = (("", "数据打印", "支持打印。"), ("4", "数据导入", "支持导入表格文件。"))
    document = read(draw(lambda c: table(c, upper, 560), lambda c: table(c, lower, 80)))
    cells = {(b.cell.row, b.cell.column): b.text for b in document.blocks if b.cell}
    assert (cells[4, 2], cells[5, 2], cells[5, 3]) == ("数据导出。", "数据打印", "支持打印。")


def test_title_words_are_those_of_the_word_reader():
    rows = (("字段", "含义", "状态"), ("电话", "手机号码", "必填"))
    cells = [b.cell for b in read(draw(lambda c: table(c, rows))).blocks if b.cell]
    assert [cell.header for cell in cells] == ["", "", "", "字段", "含义", "状态"]


def test_highlighted_text_is_no_table():
    def page(canvas: Canvas) -> None:
        canvas.setFillColorRGB(1, 1, 0)
        for row, width in enumerate((432, 432, 300)):
            canvas.rect(LEFT, HEIGHT - 118 - row * 18, width, 18, stroke=0, fill=1)
        canvas.setFillColorRGB(0, 0, 0)
        wrap(canvas, 102, LONG + "。", indent=0)

    assert texts(read(draw(page))) == [LONG + "。"]


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_boxes_lie_on_their_words(rotate: int):
    def page(canvas: Canvas) -> None:
        wrap(canvas, 100, LONG + "。")
        canvas.setPageRotation(rotate)
        if rotate % 180:
            # reportlab turns the media box along with the page.
            canvas.setPageSize((HEIGHT, WIDTH))

    document = read(draw(page))
    width, height = document.page_sizes[0]
    assert (width, height) == ((WIDTH, HEIGHT) if rotate % 180 == 0 else (HEIGHT, WIDTH))
    start = document.text.index("用户在提交之前")
    place = document.place(start, start + 7)
    row, column = (start + 2) // 36, (start + 2) % 36
    assert [number for number, _ in place.boxes] == [1]
    box = place.boxes[0][1]
    x0, top = LEFT + column * SIZE, 100 + row * 1.5 * SIZE
    if rotate == 0:
        assert (box.x0, box.x1) == pytest.approx((x0, x0 + 7 * SIZE), abs=0.5)
        assert box.top == pytest.approx(top, abs=2)
        assert box.bottom == pytest.approx(top + 12, abs=2)
    elif rotate == 180:
        assert box.bottom == pytest.approx(HEIGHT - top, abs=2)
    else:
        # Turned text has no edges: the box is that of its line, which stands upright.
        assert box.bottom - box.top > 30 * SIZE > 2 * SIZE > box.x1 - box.x0


def test_every_line_matches_its_text():
    document = read(draw(lambda c: (wrap(c, 100, LONG + "。"), table(c, ROWS, 300))))
    for block in document.blocks:
        assert block.lines
        for line in block.lines:
            assert len(line.edges) == line.end - line.start + 1
            assert list(line.edges) == sorted(line.edges)
            assert (line.edges[0], line.edges[-1]) == (line.box.x0, line.box.x1)


def test_letter_spacing_and_radicals_are_normalised():
    def page(canvas: Canvas) -> None:
        put(canvas, 100, "采  购  文  件", size=22)
        put(canvas, 160, "⼈员使⽤说明，版本 V2.0 Release Notes。")

    assert texts(read(draw(page))) == ["采购文件", "人员使用说明，版本 V2.0 Release Notes。"]


def test_table_of_contents_is_set_aside():
    def contents(canvas: Canvas) -> None:
        put(canvas, 80, "目 录", 270, 16)
        for row, title in enumerate(("第一章 采购公告", "第二章 采购需求", "第三章 合同条款")):
            put(canvas, 120 + 20 * row, f"{title}{'.' * 60}{row + 3}")

    document = read(draw(contents, lambda c: put(c, 100, "第一章 采购公告", size=18)))
    assert texts(document) == ["第一章 采购公告"]
    assert (document.blocks[0].kind, document.blocks[0].level) == (BlockKind.HEADING, 1)
    assert [aside.kind for aside in document.asides] == [AsideKind.TABLE_OF_CONTENTS]


def test_slanted_watermark_is_set_aside():
    def page(canvas: Canvas) -> None:
        wrap(canvas, 100, LONG + "。")
        canvas.saveState()
        canvas.translate(200, 500)
        canvas.rotate(45)
        canvas.setFont(FONT, 60)
        canvas.drawString(0, 0, "内部资料")
        canvas.restoreState()

    document = read(draw(page))
    assert texts(document) == [LONG + "。"]
    assert [(a.kind, a.text) for a in document.asides] == [(AsideKind.WATERMARK, "内部资料")]


def test_two_columns_are_read_one_after_the_other():
    left = [f"左栏第{i}行写满整整一栏的文字内容" for i in range(10, 26)]
    right = [f"右栏第{i}行写满整整一栏的文字内容" for i in range(10, 26)]

    def page(canvas: Canvas) -> None:
        for row, (a, b) in enumerate(zip(left, right, strict=True)):
            put(canvas, 100 + 20 * row, a, 60)
            put(canvas, 100 + 20 * row, b, 320)

    assert "".join(texts(read(draw(page)))) == "".join(left + right)


def test_encrypted_file_needs_its_password():
    data = draw(lambda c: put(c, 100, "内容"), encrypt=StandardEncryption("secret"))
    with pytest.raises(ExtractionError) as caught:
        read(data)
    assert caught.value.reason is Reason.ENCRYPTED


def test_empty_user_password_opens():
    encryption = StandardEncryption("", ownerPassword="owner", canCopy=0)
    assert texts(read(draw(lambda c: put(c, 100, "公开的内容。"), encrypt=encryption)))


@pytest.mark.parametrize("data", [b"", b"no pdf at all", b"%PDF-1.7\n"])
def test_garbage_is_damaged(data: bytes):
    with pytest.raises(ExtractionError) as caught:
        read(data)
    assert caught.value.reason is Reason.DAMAGED


def test_truncated_file_is_never_ok():
    data = draw(*[lambda c: wrap(c, 100, LONG + "。")] * 3)
    for share in (0.3, 0.6, 0.9):
        try:
            reason = read(data[: int(share * len(data))]).reason
        except ExtractionError as error:
            reason = error.reason
        assert reason in (Reason.DAMAGED, Reason.EMPTY, Reason.OK_PARTIAL)
    document = read(data[: data.rindex(b"%%EOF")])
    assert (document.reason, len(document.notes)) == (Reason.OK_PARTIAL, 1)


def test_blank_page_is_no_loss():
    document = read(draw(lambda c: put(c, 100, "只有第一页有字。"), lambda c: None))
    assert (document.reason, document.notes, len(document.page_sizes)) == (Reason.OK, (), 2)


def test_only_blank_pages_is_empty():
    with pytest.raises(ExtractionError) as caught:
        read(draw(lambda c: None))
    assert caught.value.reason is Reason.EMPTY


def fail_on(monkeypatch: pytest.MonkeyPatch, pages: set[int], error: Exception) -> None:
    find_grids = layout_of_pages.find_grids

    def failing(rulings, page, size):
        if page in pages:
            raise error
        return find_grids(rulings, page, size)

    monkeypatch.setattr(layout_of_pages, "find_grids", failing)


def test_page_that_fails_costs_only_itself(monkeypatch: pytest.MonkeyPatch):
    data = draw(*[lambda c, n=n: wrap(c, 300, f"{LONG}，见{n}。") for n in "甲乙丙"])
    fail_on(monkeypatch, {2}, IndexError("unforeseen"))
    document = read(data)
    assert texts(document) == [f"{LONG}，见甲。", f"{LONG}，见丙。"]
    assert [block.page for block in document.blocks] == [1, 3]
    assert document.reason is Reason.OK_PARTIAL
    assert "第 2 页" in document.notes[0]
    fail_on(monkeypatch, {1, 2, 3}, IndexError("unforeseen"))
    with pytest.raises(ExtractionError) as caught:
        read(data)
    assert caught.value.reason is Reason.DAMAGED


def test_memory_error_on_a_page_is_not_a_bad_page(monkeypatch: pytest.MonkeyPatch):
    fail_on(monkeypatch, {1}, MemoryError())
    with pytest.raises(MemoryError):
        read(draw(lambda c: put(c, 100, "这一页太大。")))


@pytest.mark.parametrize("limits", [Limits(pages=1), Limits(chars=5)])
def test_limits_are_kept(limits: Limits):
    with pytest.raises(ExtractionError) as caught:
        read(draw(*[lambda c: put(c, 100, "文字若干。")] * 2), limits)
    assert caught.value.reason is Reason.TOO_LARGE
