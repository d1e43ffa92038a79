"""How fast, how completely and in how much memory is the text of a PDF read?

    python benchmarks/pdf_text.py A.pdf --golden A.docx [--runs 5] [--python OTHER/bin/python]

Every tool reads the file in a process of its own, after one reading of its first page to warm
up; the runs of the tools alternate, and medians are printed with their ratio to bare pypdfium2.
Found is the share of the golden text's letters, digits and Han that stand in the tool's text in
the same order (longest common subsequence); ours counts what is set aside (headers, contents),
too. Memory is the peak on a file of 400 pages, made of the same pages. Tools that are not
installed here are looked for in ``--python``. "Places" rows do what ours has to do as well: a box
for every character or word, and tables. Needs rapidfuzz and, for a golden DOCX, python-docx.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

OURS, BARE = "tenderlens", "pypdfium2"


def tenderlens(path: Path) -> str:
    from classifier.extract.pdf.reader import read_pdf
    from classifier.limits import Limits

    document = read_pdf(path.read_bytes(), path.name, Limits(ocr="off"))
    # In the order of pages, since that is how the golden text runs.
    parts = [(block.page or 0, block.text) for block in document.blocks]
    parts += [(aside.page or 0, aside.text) for aside in document.asides]
    return "\n".join(text for _, text in sorted(parts, key=lambda part: part[0]))


def pypdfium2(path: Path, places: bool = False) -> str:
    import pypdfium2

    pdf = pypdfium2.PdfDocument(path.read_bytes())
    texts = []
    for i in range(len(pdf)):
        page = pdf[i]
        textpage = page.get_textpage()
        texts.append(textpage.get_text_range())
        if places:
            for at in range(textpage.count_chars()):
                textpage.get_charbox(at)
        textpage.close()
        page.close()
    pdf.close()
    return "\n".join(texts)


def pdfminer(path: Path) -> str:
    from pdfminer.high_level import extract_text

    return extract_text(path)


def pdfplumber(path: Path) -> str:
    import pdfplumber

    texts = []
    with pdfplumber.open(path) as pdf:
        for page in pdf.pages:
            texts.append(page.extract_text())
            page.close()
    return "\n".join(texts)


def pdfplumber_tables(path: Path) -> str:
    import pdfplumber

    texts = []
    with pdfplumber.open(path) as pdf:
        for page in pdf.pages:
            texts.append("\n".join(word["text"] for word in page.extract_words()))
            page.extract_tables()
            page.close()
    return "\n".join(texts)


def markitdown(path: Path) -> str:
    from markitdown import MarkItDown  # pyright: ignore[reportMissingImports]

    return MarkItDown().convert(str(path)).text_content


def kreuzberg(path: Path) -> str:
    from kreuzberg import extract_file_sync  # pyright: ignore[reportMissingImports]

    return extract_file_sync(str(path)).content


def docling(path: Path) -> str:
    from docling.document_converter import (  # pyright: ignore[reportMissingImports]
        DocumentConverter,
    )

    return DocumentConverter().convert(str(path)).document.export_to_text()


TOOLS: dict[str, tuple[str, Callable[[Path], str]]] = {
    OURS: ("classifier", tenderlens),
    BARE: ("pypdfium2", pypdfium2),
    "pypdfium2, places": ("pypdfium2", partial(pypdfium2, places=True)),
    "pdfminer.six": ("pdfminer", pdfminer),
    "pdfplumber": ("pdfplumber", pdfplumber),
    "pdfplumber, places and tables": ("pdfplumber", pdfplumber_tables),
    "markitdown": ("markitdown", markitdown),
    "kreuzberg": ("kreuzberg", kreuzberg),
    "docling": ("docling", docling),
}


def measure(tool: str, path: Path, warm: Path, keep: Path | None) -> None:
    """In the child: print seconds and peak memory in MiB as JSON."""
    _, read = TOOLS[tool]
    read(warm)
    started, cpu = time.perf_counter(), time.process_time()
    text = read(path)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    if keep:
        keep.write_text(text, encoding="utf-8", errors="replace")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"seconds": seconds, "cpu": cpu, "peak": peak}) + "\n")


def run(python: str, tool: str, path: Path, warm: Path, keep: Path | None) -> dict[str, float]:
    command = [python, __file__, str(path), "--tool", tool, "--warm", str(warm)]
    command += ["--keep", str(keep)] if keep else []
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=_environment())
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return json.loads(done.stdout.splitlines()[-1])


def _environment() -> dict[str, str]:
    # One thread each, so that work and not the number of cores is compared.
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    return os.environ | threads | {"HF_HUB_OFFLINE": "1"}


def pythons(other: str | None) -> dict[str, str]:
    """Which interpreter has which tool."""
    found = {}
    for tool, (module, _) in TOOLS.items():
        if importlib.util.find_spec(module):
            found[tool] = sys.executable
        elif (
            other
            and not subprocess.run(
                [other, "-c", f"import {module}"], capture_output=True, check=False
            ).returncode
        ):
            found[tool] = other
    return found


def with_pages(path: Path, pages: int) -> bytes:
    """The file's pages again and again until there are so many."""
    import pypdfium2 as pdfium

    source, made = pdfium.PdfDocument(path.read_bytes()), pdfium.PdfDocument.new()
    while len(made) < pages:
        made.import_pages(source, list(range(min(len(source), pages - len(made)))))
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def golden_text(path: Path) -> str:
    if path.suffix == ".docx":
        import docx

        document = docx.Document(str(path))
        return "".join(node.text or "" for node in document.element.body.iter() if _is_text(node))
    return path.read_text(encoding="utf-8")


def _is_text(node: object) -> bool:
    return str(getattr(node, "tag", "")).endswith("}t")


def found(golden: str, text: str) -> float:
    from rapidfuzz.distance import LCSseq

    first, second = ("".join(filter(str.isalnum, part)) for part in (golden, text))
    return LCSseq.similarity(first, second) / max(len(first), 1)


def compare(options: argparse.Namespace) -> None:
    import pypdfium2 as pdfium

    path: Path = options.file
    pages = len(pdfium.PdfDocument(path.read_bytes()))
    golden = golden_text(options.golden) if options.golden else ""
    available = pythons(options.python)
    with tempfile.TemporaryDirectory() as folder:
        warm, big = Path(folder, "warm.pdf"), Path(folder, "big.pdf")
        warm.write_bytes(with_pages(path, 1))
        big.write_bytes(with_pages(path, options.pages))
        runs: dict[str, list[dict[str, float]]] = {tool: [] for tool in available}
        failed: dict[str, str] = {}
        for _ in range(options.runs):
            for tool in [tool for tool in available if tool not in failed]:
                try:
                    keep = Path(folder, tool)
                    runs[tool].append(run(available[tool], tool, path, warm, keep))
                except RuntimeError as error:
                    failed[tool] = str(error)[:80]
        bare = statistics.median(one["cpu"] for one in runs[BARE])
        header = f"{'tool':14}{'pages/s':>9}{'s of CPU':>10}{'x bare':>8}{'found':>8}{'MiB':>7}\n"
        sys.stdout.write(f"{path.name}: {pages} pages, {options.runs} runs\n{header}")
        for tool in TOOLS:
            if tool in failed or tool not in available:
                sys.stdout.write(f"{tool:14}{failed.get(tool, 'not installed')}\n")
                continue
            cpu = statistics.median(one["cpu"] for one in runs[tool])
            text = Path(folder, tool).read_text(encoding="utf-8")
            share = f"{found(golden, text):.4f}" if golden else "-"
            peak = run(available[tool], tool, big, warm, None)["peak"]
            sys.stdout.write(
                f"{tool:14}{pages / cpu:9.1f}{cpu:10.3f}{cpu / bare:8.2f}{share:>8}{peak:7.0f}\n"
            )
            sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("file", type=Path)
    parser.add_argument("--golden", type=Path, help="the same text as DOCX or TXT")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--pages", type=int, default=400, help="of the file for peak memory")
    parser.add_argument("--python", help="interpreter of another environment with more tools")
    parser.add_argument("--tool", choices=TOOLS, help=argparse.SUPPRESS)
    parser.add_argument("--warm", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--keep", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.tool:
        measure(options.tool, options.file, options.warm, options.keep)
    else:
        compare(options)


if __name__ == "__main__":
    main()
