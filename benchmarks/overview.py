"""Tables and overview of a large archive: time, size, peak memory, and when the page is usable.

    python benchmarks/overview.py [--rows 100000] [--runs 3] [--folder FOLDER]

Rows are made by rule: one in ten failed, one in five nearly the same as an earlier one. Making
the rows is part of every figure but the browser's, and given by itself. Each output is written
by a process of its own, so that its peak memory is its own. The page is usable when its table
can be filtered and sorted; that is timed from navigation on, in Chromium.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from classifier.archive.groups import Groups, near_duplicates
from classifier.archive.overview.html import write_overview
from classifier.archive.rows import Alarm, DocumentRow, Score
from classifier.archive.tables import Format, write_tables
from classifier.errors import Reason
from classifier.findings import Kind, rules
from classifier.orientation import Verdict
from classifier.taxonomy import CATEGORIES

UNREADABLE = [reason for reason in Reason if not reason.is_readable]
TOWNS = ("临江", "云溪", "栖川", "岚桥", "枫浦", "杏泽", "青梧", "松岭")
BUYERS = ("公安局", "教育局", "人民医院", "大学", "图书馆", "税务局")
SYSTEMS = ("智慧校园平台", "公务协同平台", "档案管理系统", "养老服务平台", "办公设备", "考勤系统")
VERDICTS = tuple(Verdict)
PERMUTATIONS = 128


def rows(number: int) -> Iterator[DocumentRow]:
    """The same rows every time, made as they are asked for."""
    chance = random.Random(1)
    for i in range(number):
        year, town = 2018 + i % 8, TOWNS[i % len(TOWNS)]
        title = f"{town}市{chance.choice(BUYERS)}{chance.choice(SYSTEMS)}项目（第{i % 97}包）"
        path = f"{town}市/{year}年/{i:06d}-{title}.pdf"
        if i % 10 == 9:
            reason = chance.choice(UNREADABLE)
            yield DocumentRow(
                path, "", "", "", reason, "cut short", "", 0, 0, 0.1, None, (), (), "", ()
            )  # fmt: skip
            continue
        yield DocumentRow(
            path=path,
            member="附件/采购需求.docx" if i % 7 == 0 else "",
            content=f"{i:064x}",
            format="pdf",
            reason=Reason.OK,
            detail="",
            title=title,
            pages=i % 200,
            sentences=i % 3000,
            seconds=0.4,
            score=_score(chance),
            alarms=_alarms(chance),
            missing=("privacy", "feedback"),
            report=f"reports/{i % 256:02x}/{i:06d}-{title}.report.html",
            signature=tuple(_signature(i).tolist()),
        )


def _score(chance: random.Random) -> Score:
    balance = chance.uniform(-1, 1)
    profile = {code: chance.choice((0, 0, 1, 5)) for code in CATEGORIES}
    return Score(
        balance, max(balance - 0.2, -1), min(balance + 0.2, 1), chance.random(),
        chance.choice(VERDICTS), chance.uniform(0, 99), chance.uniform(0, 99), 300, profile,
    )  # fmt: skip


def _alarms(chance: random.Random) -> tuple[Alarm, ...]:
    shown = chance.sample(rules(Kind.ALARM), chance.choice((0, 1, 3, 6)))
    text = "工作人员每日上下班须通过人脸识别打卡，系统自动判定迟到、早退和缺勤。"
    return tuple(Alarm(rule.id, rule.zh, chance.randint(1, 40), text, 3, 17) for rule in shown)


def _signature(i: int) -> np.ndarray:
    source = i - i % 1000 if i % 5 == 1 else i
    made = np.random.default_rng(source).integers(2**32 - 1, size=PERMUTATIONS, dtype=np.uint64)
    if source != i:
        made[: i % 30] = np.random.default_rng(i).integers(2**32 - 1, size=i % 30)
    return made


def _nothing(number: int) -> None:
    for _ in rows(number):
        pass


def _groups(number: int) -> None:
    near_duplicates(rows(number))


def _table(kind: Format, folder: Path, number: int) -> None:
    write_tables(rows(number), Groups((), {}), {kind: folder / f"table.{kind}"}, folder)


def _overview(folder: Path, number: int) -> None:
    write_overview(rows(number), folder)


def measured(work: partial[None]) -> tuple[float, float, float]:
    """Seconds, CPU seconds and peak MiB of a call in a fresh process."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_measure, args=(work, theirs))
    process.start()
    theirs.close()
    answer = ours.recv()
    process.join()
    return answer


def _measure(work: partial[None], pipe) -> None:
    started = time.perf_counter()
    work()
    seconds = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_SELF)
    pipe.send((seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024))


def opened(page: Path, chromium: str) -> dict[str, float]:
    """Milliseconds from navigation until usable, of a search and of a sort."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page()
        tab.goto(page.as_uri(), wait_until="commit")
        tab.wait_for_selector("#tools:not([hidden])", timeout=120_000)
        usable = tab.evaluate("performance.now()")
        # The script runs to its end before the clock is asked again.
        search = tab.evaluate(
            "() => new Promise(done => { const from = performance.now();"
            "const field = document.querySelector('#query'); field.value = '智慧校园 第3包';"
            "field.dispatchEvent(new Event('input'));"
            "const seen = new MutationObserver(() => done(performance.now() - from));"
            "seen.observe(document.querySelector('#rows'), { childList: true }) })"
        )
        sort = tab.evaluate(
            "() => { const from = performance.now();"
            "document.querySelector('[data-sort=salience]').click();"
            "return performance.now() - from }"
        )
        browser.close()
    return {"usable": usable, "search": search, "sort": sort}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    number = options.rows
    work = {
        "rows alone": partial(_nothing, number),
        "groups": partial(_groups, number),
        **{str(kind): partial(_table, kind, folder, number) for kind in Format},
        "overview": partial(_overview, folder, number),
    }
    print(f"{number} rows; medians of {options.runs} runs\n")
    print("| | seconds | CPU seconds | peak MiB | file MiB |\n|---|---|---|---|---|")
    for name, call in work.items():
        found = [measured(call) for _ in range(options.runs)]
        seconds, cpu, memory = (statistics.median(values) for values in zip(*found, strict=True))
        file = folder / ("overview.html" if name == "overview" else f"table.{name}")
        size = f"{file.stat().st_size / 2**20:.1f}" if file.exists() else ""
        print(f"| {name} | {seconds:.1f} | {cpu:.1f} | {memory:.0f} | {size} |", flush=True)
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if chromium:
        times = [opened(folder / "overview.html", chromium) for _ in range(options.runs)]
        for name in times[0]:
            print(f"{name}: {statistics.median(run[name] for run in times):.0f} ms")
    if options.folder is None:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
