"""A PDF of 400 text pages from a cold start to a finished HTML report, in time and memory.

    python benchmarks/cold_start.py [--pages 400] [--threads 2] [--runs 5] [--screen] [--keep DIR]

The PDF is made here of the project's own sentences with their headings, each once, about as
dense as a real tender (some 25 sentences to a page). Against ``tenderlens scan`` stands what a
user would build: text by pdfplumber, cut at 。！？； and ends of paragraphs, classified by the
transformers pipeline in fp32 with its default batching and the same weights, results in a plain
HTML table. Every run is a fresh process (a warm disk cache, nothing else kept); runs alternate.
Printed are medians, the ratio pair by pair in wall and CPU seconds, and the peak of the resident
memory of the process with all its children, summed every tenth of a second (pages that they
share count for each). Needs the train extra, pdfplumber and reportlab.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from classifier.resources import folder

ROOT = Path(__file__).resolve().parents[1]
FONT, SIZE, LEADING = "STSong-Light", 11.0, 19.0
WIDTH, HEIGHT, MARGIN = 595.0, 842.0, 72.0
CHARACTERS = int((WIDTH - 2 * MARGIN) // SIZE)
LINES = int((HEIGHT - 2 * MARGIN) // LEADING)
PARAGRAPH = 3
MIB = 1 << 20


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pages", type=int, default=400)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--screen", action="store_true")
    parser.add_argument("--keep", type=Path, help="leave the PDF and the last outputs here")
    parser.add_argument("--usual", nargs=3, metavar=("PDF", "CHECKPOINT", "HTML"))
    options = parser.parse_args()
    if options.usual:
        usual(*options.usual, threads=options.threads)
        return
    with tempfile.TemporaryDirectory() as scratch:
        compare(options.keep or Path(scratch), options)


def compare(place: Path, options: argparse.Namespace) -> None:
    from classifier.model import find
    from training.checkpoint import to_transformers

    place.mkdir(parents=True, exist_ok=True)
    pdf, checkpoint = place / "tender.pdf", place / "checkpoint"
    sentences = draw(pdf, options.pages)
    to_transformers(find("standard"), checkpoint)
    print(f"{options.pages} pages, {sentences} sentences drawn, {pdf.stat().st_size // MIB} MiB")
    program = [sys.executable, str(Path(__file__).resolve()), "--threads", str(options.threads)]
    commands = {
        "tenderlens": [sys.executable, str(ROOT / "cli.py"), "scan", str(pdf), "-o", "OUT"],
        "usual": [*program, "--usual", str(pdf), str(checkpoint), "OUT"],
    }
    if options.screen:
        commands["tenderlens --screen"] = [*commands["tenderlens"], "--screen"]
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in commands}
    for turn in range(options.runs):
        for number, (name, command) in enumerate(commands.items()):
            out = place / f"{turn}-{number}.html"
            found[name].append(timed([str(out) if part == "OUT" else part for part in command]))
            if not out.is_file():
                raise SystemExit(f"{name}: no report")
            print(f"{name}: {found[name][-1][0]:.1f} s", file=sys.stderr)
    say(found)


def say(found: dict[str, list[tuple[float, float, float]]]) -> None:
    heads = ("seconds", "CPU seconds", "× usual, wall", "CPU", "peak MiB")
    print("\n| | " + " | ".join(heads) + " |\n|---" * 1 + "|---" * len(heads) + "|")
    for name, runs in found.items():
        wall, cpu, peak = (statistics.median(values) for values in zip(*runs, strict=True))
        pairs = list(zip(found["usual"], runs, strict=True))
        ratios = [statistics.median(u[i] / own[i] for u, own in pairs) for i in (0, 1)]
        figures = (f"{wall:.1f}", f"{cpu:.1f}", *(f"{r:.2f}" for r in ratios), f"{peak / MIB:.0f}")
        print(f"| {name} | " + " | ".join(figures) + " |")


def timed(command: list[str]) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds with children, peak bytes of the whole tree of processes."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        env=os.environ | {"PYTHONPATH": path},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    peak = 0
    watching = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not watching.wait(0.1):
            peak = max(peak, sum(map(resident, tree(process.pid))))

    watcher = threading.Thread(target=watch)
    watcher.start()
    process.wait()
    seconds = time.perf_counter() - started
    watching.set()
    watcher.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, cpu, peak


def tree(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text(encoding="ascii").split()
        except OSError:
            continue
        for child in children:
            yield from tree(int(child))


def resident(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def draw(pdf: Path, pages: int) -> int:
    """Make the PDF; the number of sentences on it."""
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    canvas = Canvas(str(pdf), pagesize=(WIDTH, HEIGHT), pageCompression=1)
    page, line, drawn = 1, 0, 0
    for indent, text, count in paragraphs():
        for i in range(0, len(text), CHARACTERS):
            if line == LINES:
                canvas.drawCentredString(WIDTH / 2, MARGIN / 2, str(page))
                canvas.showPage()
                page, line = page + 1, 0
                if page > pages:
                    canvas.save()
                    return drawn
            canvas.setFont(FONT, SIZE)
            y = HEIGHT - MARGIN - line * LEADING
            canvas.drawString(MARGIN + (indent if not i else 0), y, text[i : i + CHARACTERS])
            line += 1
        drawn += count
    raise SystemExit(f"our sentences fill {page} pages only")


def paragraphs() -> Iterator[tuple[float, str, int]]:
    """Headings and paragraphs: indentation in points, text, number of sentences."""
    files = sorted((folder("data") / "sentences").glob("*.jsonl"))
    waiting: list[str] = []
    section = ""
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            if waiting and (record["section"] != section or len(waiting) == PARAGRAPH):
                yield 0.0, "".join(waiting), len(waiting)
                waiting = []
            if record["section"] != section:
                section = record["section"]
                yield 0.0, section.rpartition(">")[2].strip() or file.stem, 0
            text = record["text"]
            waiting.append(text if text[-1] in "。！？；" else f"{text}。")


def usual(pdf: str, checkpoint: str, html: str, threads: int) -> None:
    import pdfplumber
    import torch
    from transformers import pipeline

    torch.set_num_threads(threads)
    with pdfplumber.open(pdf) as pages:
        text = "\n".join(page.extract_text() or "" for page in pages.pages)
    pieces = re.split(r"(?<=[。！？；])", text.replace("\n", ""))
    sentences = [piece.strip() for piece in pieces if piece.strip()]
    classify = pipeline(
        "text-classification",
        model=checkpoint,
        dtype=torch.float32,
        device="cpu",
        top_k=None,
        function_to_apply="sigmoid",
    )
    answers = classify(sentences, truncation=True, max_length=512)
    rows = "".join(
        f"<tr><td>{sentence}<td>{answer}\n"
        for sentence, answer in zip(sentences, answers, strict=True)
    )
    Path(html).write_text(f"<table>{rows}</table>", encoding="utf-8")


if __name__ == "__main__":
    main()
