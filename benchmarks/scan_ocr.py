"""What a scan costs: text PDFs made to pictures, read back through OCR, against their text.

Pages with prose are rendered, turned by up to one degree, compressed as JPEG and wrapped
into a PDF without a text layer; both are read through the product. Prints character error
rate (Levenshtein, letters, digits and Han only), agreement of sentences (F1: equal without
white space and punctuation; and at a similarity of 0.9 or more), and seconds per page.

    python benchmarks/scan_ocr.py [--pages 3] [--dpi 150 200] A.pdf B.pdf …
"""

from __future__ import annotations

import argparse
import io
import random
import time
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pypdfium2 as pdfium
from PIL import Image
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein
from scipy.optimize import linear_sum_assignment

from classifier.document import BlockKind, Document, ReadBy
from classifier.extract import sandbox
from classifier.limits import Limits
from classifier.segment import segment

SEED = 20261
MAX_SKEW = 1.0
JPEG_QUALITY = 75
SIMILAR = 0.9
PROSE_LETTERS, PROSE_SHARE = 350, 0.6


@dataclass(frozen=True, slots=True)
class Result:
    """Counts of one document: edits, letters, sentences (true, read, equal, similar), seconds."""

    edits: int = 0
    letters: int = 0
    true: int = 0
    read: int = 0
    equal: int = 0
    similar: int = 0
    pages: int = 0
    seconds: float = 0.0

    def __add__(self, other: Result) -> Result:
        names = self.__slots__
        return Result(*(getattr(self, name) + getattr(other, name) for name in names))

    def row(self, name: str) -> str:
        f1 = [2 * n / max(self.true + self.read, 1) for n in (self.equal, self.similar)]
        return (
            f"| {name} | {self.pages} | {self.letters} | {self.edits / max(self.letters, 1):.2%} "
            f"| {self.true} | {f1[0]:.3f} | {f1[1]:.3f} | {self.seconds / max(self.pages, 1):.1f} |"
        )


def letters(text: str) -> str:
    """Letters, digits and Han in one width, nothing else."""
    return "".join(char for char in unicodedata.normalize("NFKC", text) if char.isalnum())


def prose_pages(document: Document, wanted: int) -> list[int]:
    """Page numbers with body text outside of tables, spread over the document."""
    prose: Counter[int] = Counter()
    all_text: Counter[int] = Counter()
    for block in document.blocks:
        for line in block.lines:
            count = len(letters(block.text[line.start : line.end]))
            all_text[line.page] += count
            prose[line.page] += 0 if block.kind is BlockKind.CELL else count
    found = [
        page
        for page, count in sorted(all_text.items())
        if count >= PROSE_LETTERS and prose[page] >= PROSE_SHARE * count
    ]
    step = max(len(found) / wanted, 1.0)
    return [found[int((i + 0.5) * step)] for i in range(min(wanted, len(found)))]


def excerpt(source: pdfium.PdfDocument, pages: Sequence[int]) -> bytes:
    target = pdfium.PdfDocument.new()
    target.import_pages(source, [page - 1 for page in pages])
    return saved(target)


def scan(
    source: pdfium.PdfDocument, pages: Sequence[int], dpi: int, chance: random.Random
) -> bytes:
    """A PDF of pictures of the pages, each a bit askew."""
    target = pdfium.PdfDocument.new()
    for number in pages:
        shown = source[number - 1]
        picture = shown.render(scale=dpi / 72).to_pil().convert("RGB")
        angle = chance.uniform(-MAX_SKEW, MAX_SKEW)
        picture = picture.rotate(angle, Image.Resampling.BICUBIC, fillcolor="white")
        jpeg = io.BytesIO()
        picture.save(jpeg, "JPEG", quality=JPEG_QUALITY)
        width, height = shown.get_size()
        page = target.new_page(width, height)
        image = pdfium.PdfImage.new(target)
        image.load_jpeg(jpeg)
        image.set_matrix(pdfium.PdfMatrix().scale(width, height))
        page.insert_obj(image)
        page.gen_content()
    return saved(target)


def saved(pdf: pdfium.PdfDocument) -> bytes:
    buffer = io.BytesIO()
    pdf.save(buffer)
    return buffer.getvalue()


def page_text(document: Document, number: int) -> str:
    """Letters of a page: its body in reading order, then what was set aside."""
    lines = (
        block.text[line.start : line.end]
        for block in document.blocks
        for line in block.lines
        if line.page == number
    )
    asides = sorted(aside.text for aside in document.asides if aside.page == number)
    return letters("".join((*lines, *asides)))


def sentences(document: Document) -> list[str]:
    return [text for item in segment(document) if (text := letters(item.text))]


def similar_pairs(true: Sequence[str], read: Sequence[str]) -> int:
    """Most pairs, each sentence in one, that are at least ``SIMILAR``."""
    if not true or not read:
        return 0
    alike = process.cdist(true, read, scorer=Levenshtein.normalized_similarity) >= SIMILAR
    rows, columns = linear_sum_assignment(alike, maximize=True)
    return int(alike[rows, columns].sum())


def compare(reference: Document, scanned: Document, pages: int, seconds: float) -> Result:
    edits = total = 0
    for number in range(1, pages + 1):
        text = page_text(reference, number)
        edits += Levenshtein.distance(text, page_text(scanned, number))
        total += len(text)
    true, read = sentences(reference), sentences(scanned)
    equal = sum((Counter(true) & Counter(read)).values())
    similar = similar_pairs(true, read)
    return Result(edits, total, len(true), len(read), equal, similar, pages, seconds)


def show_differences(reference: Document, scanned: Document) -> Iterator[str]:
    true, read = Counter(sentences(reference)), Counter(sentences(scanned))
    yield from (f"  − {text}" for text in true - read)
    yield from (f"  + {text}" for text in read - true)


def measure(path: Path, wanted: int, dpi: int, verbose: bool) -> Result:
    data = path.read_bytes()
    source = pdfium.PdfDocument(data)
    pages = prose_pages(sandbox.read(data, path.name, Limits(ocr="off")), wanted)
    if not pages:
        return Result()
    reference = sandbox.read(excerpt(source, pages), path.name, Limits(ocr="off"))
    picture = scan(source, pages, dpi, random.Random(SEED))
    start = time.monotonic()
    scanned = sandbox.read(picture, path.name, Limits())
    seconds = time.monotonic() - start
    assert all(page.read_by is ReadBy.OCR for page in scanned.pages)
    if verbose:
        print("\n".join(show_differences(reference, scanned)))
    return compare(reference, scanned, len(pages), seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--pages", type=int, default=3, help="pages with prose of every file")
    parser.add_argument("--dpi", type=int, nargs="+", default=[150, 200])
    parser.add_argument("--verbose", action="store_true", help="show sentences that differ")
    given = parser.parse_args()
    for dpi in given.dpi:
        print(f"\n{dpi} dpi\n")
        print("| file | pages | letters | CER | sentences | F1 equal | F1 ≥ 0.9 | s/page |")
        print("|---|---|---|---|---|---|---|---|")
        total = Result()
        for path in given.files:
            result = measure(path, given.pages, dpi, given.verbose)
            total += result
            print(result.row(path.stem), flush=True)
        print(total.row("all"))


if __name__ == "__main__":
    main()
