"""How soon does the HTML report of a 400-page tender open and answer?

    python benchmarks/report_page.py [--sentences 12000] [--runs 5] [--keep report.html]

The tender is made of our labelled sentences (``data/sentences``): headings, paragraphs and tables
on 400 pages, about every eighth sentence oriented, scored by the lexical model through the whole
pipeline behind extraction. The report is opened from disk in headless Chromium, every run in a
fresh profile. Figures are medians in milliseconds since the navigation began:

- paint: first contentful paint;
- loaded: end of DOMContentLoaded, when all scripts have run;
- filtered: "only oriented sentences" was clicked as soon as that was possible, and the frame that
  shows the answer is drawn;
- jumped: n was pressed in the end, and the sentence stands in the window (since the key);
- cpu: what the page's main thread has computed until "filtered" (plain: until it was painted),
  which is what is left of the time on a machine that does nothing else.

Plain is the same text in bare paragraphs without style or script, opened in the same way: what the
browser itself needs. Needs playwright and Chromium (``CHROMIUM`` names it if it is not found).
"""

from __future__ import annotations

import argparse
import html
import json
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, sync_playwright

from classifier import Classifier
from classifier.document import Block, BlockKind, Cell, Document, Page
from classifier.report.report import Report
from classifier.resources import folder

PAGES = 400
_FILTERED = """() => new Promise(done => {
  document.querySelector("#only").click();
  requestAnimationFrame(() => setTimeout(() => done(performance.now())));
})"""
_JUMPED = """() => new Promise(done => {
  document.querySelector("#reset").click();
  const start = performance.now();
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "n", bubbles: true }));
  const look = () => {
    const box = document.querySelector("#doc .cur")?.getBoundingClientRect();
    const seen = box && box.height && box.top >= 0 && box.bottom <= innerHeight;
    if (seen) done(performance.now() - start); else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})"""
_PAINT = """() => new Promise(done => new PerformanceObserver(list => {
  const paint = list.getEntriesByName("first-contentful-paint")[0];
  if (paint) done(paint.startTime);
}).observe({ type: "paint", buffered: true }))"""
_LOADED = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"


def made_tender(sentences: int) -> Document:
    """Headings, paragraphs of three sentences and tables, evenly spread over the pages."""
    random = np.random.default_rng(11)
    lines = [
        json.loads(line)
        for file in sorted((folder("data") / "sentences").glob("*.jsonl"))
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    oriented = [line["text"] for line in lines if line["categories"]]
    neutral = [line["text"] for line in lines if not line["categories"]]
    texts = [
        f"{(oriented if random.random() < 0.125 else neutral)[int(random.integers(1_000_000)) % n]}"
        for n in [min(len(oriented), len(neutral))] * sentences
    ]
    blocks: list[Block] = []
    for at in range(0, sentences, 3):
        page = at * PAGES // sentences + 1
        if at % 60 == 0:
            heading = f"第{at // 60 + 1}节 分项要求"
            blocks.append(Block(heading, BlockKind.HEADING, 1, page=page))
        if at % 60 >= 48:
            blocks += [
                Block(text, BlockKind.CELL, page=page, cell=Cell(at // 60 + 1, at % 60, column))
                for column, text in enumerate(texts[at : at + 3], start=1)
            ]
        else:
            blocks.append(Block("".join(_ended(text) for text in texts[at : at + 3]), page=page))
    return Document.from_blocks("400页招标文件.pdf", "pdf", blocks, pages=(Page(595, 842),) * PAGES)


def _ended(text: str) -> str:
    return text if text[-1] in "。；！？" else f"{text}。"


def plain_page(report: Report) -> str:
    paragraphs = "\n".join(f"<p>{html.escape(b.text)}</p>" for b in report.document.blocks)
    return f'<!DOCTYPE html><html lang="zh-CN"><meta charset="utf-8"><title>p</title>{paragraphs}'


def opened(browser: Browser, file: Path, is_report: bool) -> dict[str, float]:
    """Milliseconds of one opening in a fresh context."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Performance.enable")
    page.goto(file.as_uri(), wait_until="domcontentloaded")
    times: dict[str, float] = {}
    if is_report:
        times["filtered"] = page.evaluate(_FILTERED)
    times["paint"] = page.evaluate(_PAINT)
    metrics = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
    times["cpu"] = 1000 * metrics["ThreadTime"]
    times["loaded"] = page.evaluate(_LOADED)
    times["nodes"] = page.evaluate("document.querySelectorAll('*').length")
    if is_report:
        times["jumped"] = page.evaluate(_JUMPED)
    context.close()
    return times


def medians(runs: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def measure(files: dict[str, Path], runs: int) -> dict[str, dict[str, float]]:
    """Medians per file; the runs of the files alternate, after one that is not counted."""
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in files}
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        for run in range(runs + 1):
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            for name, file in files.items():
                times = opened(browser, file, name == "report")
                if run:
                    taken[name].append(times)
            browser.close()
    return {name: medians(own) for name, own in taken.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sentences", type=int, default=12_600)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="keep the report under this name")
    options = parser.parse_args()
    report = Classifier.load("lexical").analyze(made_tender(options.sentences))
    with tempfile.TemporaryDirectory() as temporary:
        files = {name: Path(temporary) / f"{name}.html" for name in ("report", "plain")}
        start = time.process_time()
        report.to_html(files["report"])
        written = time.process_time() - start
        files["plain"].write_text(plain_page(report), encoding="utf-8")
        print_figures(report, files, measure(files, options.runs), written)
        if options.keep:
            shutil.copy(files["report"], options.keep)


def print_figures(
    report: Report, files: dict[str, Path], times: dict[str, Any], written: float
) -> None:
    explained = sum(s.rationale is not None for s in report.sentences)
    pages = len(report.document.pages)
    print(f"{len(report.sentences)} sentences on {pages} pages, {explained} with a rationale")
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"written in {written:.1f} CPU seconds")
    for name, file in files.items():
        figures = times[name]
        nodes = int(figures.pop("nodes"))
        spent = "  ".join(f"{key} {value:.0f} ms" for key, value in sorted(figures.items()))
        print(f"{name:7} {file.stat().st_size / 1e6:.2f} MB  {nodes} elements  {spent}")
    for key in ("paint", "loaded", "cpu"):
        print(f"{key}: report / plain = {times['report'][key] / times['plain'][key]:.2f}")


if __name__ == "__main__":
    main()
