"""The overview of an archive: its figures are those of the rows, and no text of theirs acts."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from archive_rows import HOSTILE, failed, many, row, score, signature, variant

from classifier.archive.overview.html import STATIC_ROWS, write_overview
from classifier.archive.rows import Alarm, DocumentRow
from classifier.errors import Reason
from classifier.orientation import Verdict


def page_of(rows: list[DocumentRow], folder: Path, name: str = "") -> str:
    return write_overview(rows, folder, name=name).read_text(encoding="utf-8")


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'id="data">([A-Za-z0-9+/=]*)</script>', page)
    assert found is not None
    return json.loads(gzip.decompress(base64.b64decode(found[1])))


def test_every_row_is_in_the_page_with_its_figures(tmp_path: Path) -> None:
    rows = many(500)
    data = data_of(page_of(rows, tmp_path))
    assert data["paths"] == [made.path for made in rows]
    assert [data["members"].get(str(i), "") for i in range(500)] == [made.member for made in rows]
    for i, made in enumerate(rows):
        assert data["reasons"][data["reason"][i]][0] == made.reason.value
        names = [data["alarmNames"][place] for place in data["alarms"][i][::2]]
        assert names == [alarm.zh for alarm in made.alarms]
        if made.score is None:
            assert data["verdict"][i] == -1 and data["score"][i] is None
        else:
            assert data["verdicts"][data["verdict"][i]] == made.score.verdict.zh
            assert data["score"][i] == pytest.approx(100_000 * made.score.balance, abs=0.51)
            assert data["reports"][i] == made.report


def test_counts_are_those_of_the_rows(tmp_path: Path) -> None:
    rows = many(300)
    page = page_of(rows, tmp_path)
    scored = [made for made in rows if made.score]
    assert f"{len(rows)} 个文件，其中 {len(scored)} 个已评估" in page
    for verdict, n in Counter(made.score.verdict for made in scored if made.score).items():
        assert re.search(rf"</svg>{verdict.zh} <b>{n}</b>", page)
    alarms = Counter(alarm.zh for made in rows for alarm in made.alarms)
    for zh, n in alarms.items():
        assert re.search(
            rf'>{zh}</button><svg aria-hidden="true">.*?</svg><span class="n">{n} ', page
        )
    for reason in {made.reason for made in rows}:
        assert reason.next_step.split(" ")[0] in page
    assert page.count('class="v') > 0 and "第 1 组" not in page


def test_the_histogram_counts_every_scored_document_once(tmp_path: Path) -> None:
    balances = (-1.0, -0.95, -0.1, -0.0001, 0.0, 0.1, 0.99999, 1.0)
    rows = [row(f"{i}.pdf", score=score(b, Verdict.BALANCED)) for i, b in enumerate(balances)]
    page = page_of([*rows, failed("x.pdf")], tmp_path)
    table = re.findall(
        r'<tr><th scope="row">(\S+) 至 (\S+)</th>.*?<td class="n">(\d+)</td></tr>', page
    )
    assert table == [
        ("−1.0", "−0.9", "2"),
        ("−0.1", "0.0", "2"),
        ("0.0", "+0.1", "1"),
        ("+0.1", "+0.2", "1"),
        ("+0.9", "+1.0", "2"),
    ]


def test_ranking_starts_with_control_and_ends_with_what_was_not_scored(tmp_path: Path) -> None:
    rows = [
        failed("坏.pdf", Reason.ENCRYPTED),
        row("疑.pdf", score=score(-0.99, Verdict.UNDECIDED)),
        row("帮.pdf", score=score(0.8, Verdict.ASSISTIVE)),
        row("管.pdf", score=score(-0.9, Verdict.CONTROL)),
    ]
    page = page_of(rows, tmp_path)
    body = page[page.index('id="rows"') :]
    assert re.findall(r"(?:>)([管帮疑坏]\.pdf)<", body) == ["管.pdf", "帮.pdf", "疑.pdf", "坏.pdf"]
    assert "文件有密码" in body


def test_trends_are_shown_where_something_is_known(tmp_path: Path) -> None:
    rows = [
        row("2023/甲.pdf", title="云溪大学平台", score=score(-0.8, Verdict.CONTROL)),
        row("2023/乙.pdf", title="", score=score(-0.4, Verdict.RATHER_CONTROL)),
        row("2024/丙.pdf", title="临江市公安局平台", score=score(0.6, Verdict.ASSISTIVE)),
    ]
    page = page_of(rows, tmp_path)
    part = page[page.index('id="trends"') : page.index('id="groups"')]
    year = re.search(r">2023</button></th><td class=\"n\">2</td><td class=\"n\">−0.60</td>", part)
    assert year
    assert "云溪大学" in part and "临江市公安局" in part
    plain = page_of([row("a.pdf", title=""), row("b.pdf", title="")], tmp_path)
    assert 'id="trends"' not in plain


def test_near_duplicates_are_listed_with_their_scores(tmp_path: Path) -> None:
    first = signature(1)
    near = variant(first, range(10), 2)
    rows = [
        row("甲.pdf", score=score(-0.8, Verdict.CONTROL), signature=tuple(first.tolist())),
        row("乙.pdf", score=score(0.1, Verdict.BALANCED), signature=tuple(near.tolist())),
        row("丙.pdf", signature=tuple(signature(3).tolist())),
    ]
    page = page_of(rows, tmp_path)
    part = page[page.index('id="groups"') : page.index('id="ranking"')]
    assert "第 1 组" in part and "2 份" in part and "得分 −0.80 至 +0.10" in part
    assert "丙.pdf" not in part
    assert data_of(page)["group"] == {"0": 1, "1": 1}


@pytest.mark.parametrize("reason", list(Reason))
def test_hostile_text_stays_text(reason: Reason, tmp_path: Path) -> None:
    alarm = Alarm(HOSTILE, HOSTILE, 1, HOSTILE, 1, 0)
    made = row(
        f"{HOSTILE}/{HOSTILE}",
        member=HOSTILE,
        title=f"{HOSTILE}大学",
        detail=HOSTILE,
        reason=reason,
        report=HOSTILE,
        alarms=(alarm,),
    )
    page = page_of([made, made], tmp_path, name=HOSTILE)
    assert "<img" not in page and "</script><script>window" not in page
    assert page.count("<script") == 2


def test_an_empty_archive_and_odd_figures_have_a_page(tmp_path: Path) -> None:
    assert "还没有文件" in page_of([], tmp_path)
    odd = score(float("nan"), Verdict.UNDECIDED, low=float("-inf"), high=float("inf"))
    odd_rows = [row("\ud800", score=odd), row("", title="\0"), row("a/", member="b/")]
    assert data_of(page_of(odd_rows, tmp_path))["score"][0] is None


def test_without_script_the_first_rows_are_there(tmp_path: Path) -> None:
    page = page_of(many(1000), tmp_path)
    body = page[page.index('id="rows"') :]
    assert len(re.findall(r"<tr[ >]", body)) == STATIC_ROWS
    assert "<noscript>" in page


def test_links_lead_from_the_page_to_the_reports(tmp_path: Path) -> None:
    (tmp_path / "页").mkdir()
    page = write_overview([row()], tmp_path / "库", output=tmp_path / "页" / "a.html")
    text = page.read_text(encoding="utf-8")
    assert 'href="../%E5%BA%93/reports/00001-%E7%94%B2.report.html"' in text


def test_a_page_that_cannot_be_made_leaves_the_older_one(tmp_path: Path) -> None:
    older = page_of([row()], tmp_path)

    def breaking():
        yield row()
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_overview(breaking(), tmp_path)
    assert (tmp_path / "overview.html").read_text(encoding="utf-8") == older
    assert [path.name for path in tmp_path.iterdir()] == ["overview.html"]
