"""Is a page's text layer judged rightly? Bad ones found, good ones left alone.

    python benchmarks/page_verdict.py [--font FONT.ttf[:INDEX]] [--list FILE.tsv] [--keep FOLDER]

Draws about 130 pages of text from ``data/sentences``, good and spoilt in known ways, and
judges them together with real pages of ``--list``: lines of path, page numbers (``3,5-7`` or
``*``) and right verdicts (``good`` or ``good|hidden``), separated by tabs. Bad are the pages
that must be recognised (missing, garbled). Needs a TrueType font with Chinese characters.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from made_pages import (
    ENGLISH,
    HEIGHT,
    SPECS,
    TRADITIONAL,
    WIDTH,
    MadePage,
    Paint,
    Workshop,
    character_map,
    coloured,
    picture,
)

from classifier.document import Document, TextLayer
from classifier.extract.layout.lines import Glyphs
from classifier.extract.layout.recognition import Recognition
from classifier.extract.pdf.reader import read_pdf
from classifier.limits import Limits

FONT = "/usr/share/fonts/truetype/arphic/uming.ttc"
GOOD, BLANK, MISSING = TextLayer.GOOD, TextLayer.BLANK, TextLayer.MISSING
GARBLED, HIDDEN = TextLayer.GARBLED, TextLayer.HIDDEN
BAD = frozenset((MISSING, GARBLED))


def good_pages(shop: Workshop) -> Iterator[tuple[str, Paint | list[Paint]]]:
    for lines in (6, 12, 20, 30, 36, 40, 40, 40):
        yield "prose", shop.text(shop.prose(lines))
    for rows in (4, 10, 20, 28):
        yield "table", shop.table(rows)
        yield "parameters", shop.table(rows, specs=True)
        yield "white on a coloured row", shop.table(rows, shaded=True)
    for size in (20, 40):
        yield "numbers and codes", shop.text([shop.random.choice(SPECS) for _ in range(size)])
        yield "English", shop.text([shop.random.choice(ENGLISH) for _ in range(size)])
        yield "traditional", shop.text([line for _ in range(5) for line in TRADITIONAL])
    for size in (16, 22, 28, 36):
        words = [shop.sentences(1)[0][:10], "采购文件", "2025 年 6 月"]
        yield "cover", shop.text(words, 250, size)
        yield "words on a picture", [picture(shop.photo()), shop.text(words, 300, size)]
        yield "prose on a picture", [picture(shop.photo()), shop.text(shop.prose(30))]
        figure = picture(shop.scan(shop.table(6)), (120, 300, 300, 300))
        yield "figure with caption", [figure, shop.text([words[0], "图 3-1 业务流程"], 100)]
    for _ in range(4):
        body = shop.text(shop.prose(30))
        white = shop.text(shop.prose(3), 700)
        yield "hidden white text", [body, coloured(1, 1, 1, white)]
        yield "invisible text beside", [body, shop.text(shop.prose(3), 700, seen=False)]
        yield "tiny text beside", [body, shop.text(shop.prose(3), 760, 0.9)]
        yield "layer twice", [body, body]
        yield "a few garbled marks", [body, shop.text(["\ue012\ue034\ue056"], 700)]
        logo = shop.outlined(["某某咨询有限公司"], 40)
        yield "logo of outlines", [logo, shop.text(shop.prose(24))]


def good_made(shop: Workshop) -> Iterator[MadePage]:
    for kind, paints in good_pages(shop):
        data = shop.pdf(*(paints if isinstance(paints, list) else [paints]))
        yield MadePage(kind, frozenset((GOOD,)), data)
    for rows in (10, 20):
        data = shop.pdf(shop.table(rows), width=HEIGHT, height=WIDTH + 200)
        yield MadePage("landscape", frozenset((GOOD,)), data)
    for _ in range(3):
        yield MadePage("blank", frozenset((BLANK,)), shop.pdf(lambda canvas: None))
        empty = picture(shop.scan(lambda canvas: None))
        yield MadePage("blank scan", frozenset((BLANK,)), shop.pdf(empty))


def garbled_made(shop: Workshop) -> Iterator[MadePage]:
    def shuffled(subset: list[int]) -> list[int]:
        han = [code for code in subset if code >= 0x4E00]
        mixed = iter(shop.random.sample(han, len(han)))
        return [next(mixed) if code >= 0x4E00 else code for code in subset]

    changes = {
        "shuffled map": shuffled,
        "private use map": lambda subset: [0xE000 + code % 0x1000 for code in subset],
        "shifted map": lambda subset: [code + 0x1F3 if code > 0x4DFF else code for code in subset],
        "glyph numbers as map": lambda subset: [code % 0x5D + 0x21 for code in subset],
        "replacement characters": lambda subset: [0xFFFD for _ in subset],
        "question marks": lambda subset: [0x3F for _ in subset],
    }
    for kind, change in changes.items():
        for lines in (8, 24, 38):
            with character_map(change):
                yield MadePage(kind, frozenset((GARBLED,)), shop.pdf(shop.text(shop.prose(lines))))
        with character_map(change):
            yield MadePage(f"{kind}, table", frozenset((GARBLED,)), shop.pdf(shop.table(16)))
    for lines in (10, 30):
        mojibake = [
            line.encode("gbk", "ignore").decode("latin-1")[:60] for line in shop.prose(lines)
        ]
        yield MadePage("GBK as Latin", frozenset((GARBLED,)), shop.pdf(shop.text(mojibake)))
        cids = ["".join(f"(cid:{ord(char) % 4096})" for char in t[:8]) for t in shop.prose(lines)]
        yield MadePage("(cid:n)", frozenset((GARBLED,)), shop.pdf(shop.text(cids)))
        half = [line.translate({code: 0xE000 + code % 999 for code in range(0x4E00, 0x7000)})
                for line in shop.prose(lines)]  # fmt: skip
        yield MadePage("half garbled", frozenset((GARBLED,)), shop.pdf(shop.text(half)))


def missing_made(shop: Workshop) -> Iterator[MadePage]:
    def page(kind: str, *paints: Paint, right: TextLayer = MISSING) -> MadePage:
        return MadePage(kind, frozenset((right,)), shop.pdf(*paints))

    number = shop.text(["- 12 -"], 800)
    header = shop.text(["某某市政务服务平台采购文件", "第 12 页 共 80 页"], 30, 9)
    for lines in (5, 15, 30, 40):
        body = shop.text(shop.prose(lines))
        outlined = shop.outlined(shop.prose(lines))
        yield page("outlines", outlined)
        yield page("outlines with header", outlined, header)
        scan = picture(shop.scan(body, dpi=shop.random.choice((100, 150)), skew=0.7))
        yield page("scan", scan)
        yield page("scan with page number", scan, number)
        yield page("scan with header", scan, header)
        stamp = shop.text(["某某采购中心", "2025-06-01"], 600, 14, x=380)
        yield page("scan with stamp text", scan, coloured(1, 0, 0, stamp))
        table = shop.table(lines // 2)
        yield page("scanned table with number", picture(shop.scan(table)), number)


def layered_made(shop: Workshop) -> Iterator[MadePage]:
    for lines in (10, 20, 30, 40):
        text = shop.prose(lines)
        scan = picture(shop.scan(shop.text(text)))
        right = frozenset((HIDDEN,))
        yield MadePage("scan with layer", right, shop.pdf(scan, shop.text(text, seen=False)))
        yield MadePage("scan over layer", right, shop.pdf(shop.text(text), scan))
        wrong = ["".join(shop.random.sample(line, len(line))) for line in text]
        spoilt = frozenset((GARBLED,))
        yield MadePage("scan with bad layer", spoilt, shop.pdf(scan, shop.text(wrong, seen=False)))
        latin = ["".join(shop.random.choices("HiItl|J!E]f;T1l'B#?", k=36)) for _ in text]
        yield MadePage("scan, layer in Latin", spoilt, shop.pdf(scan, shop.text(latin, seen=False)))
        part = shop.pdf(scan, shop.text(text[: lines // 6], seen=False))
        yield MadePage("scan, layer of a part", frozenset((MISSING,)), part)


def verdicts(data: bytes) -> list[TextLayer]:
    """Verdict per page; recognition is stood in for, since it is not what is measured."""

    def recognize(page: object, size: tuple[float, float]) -> Recognition:
        return Recognition(
            Glyphs(np.array([0x4E00], np.int32), np.array([[99, 400, 110, 411]], np.float32)),
            (),
            size,
        )

    document: Document = read_pdf(data, "page.pdf", Limits(), recognize)
    return [page.text_layer for page in document.pages]


def judge_made(page: MadePage) -> TextLayer:
    try:
        return verdicts(page.data)[0]
    except Exception as error:
        # A page without any body text raises; its verdict is in why.
        if "blank" in str(error):
            return BLANK
        raise


def listed(path: Path) -> Iterator[tuple[str, frozenset[TextLayer], TextLayer]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        name, numbers, right = line.split("\t")
        found = verdicts(Path(name).read_bytes())
        for number, verdict in enumerate(found, 1):
            if numbers == "*" or number in _numbers(numbers):
                rights = frozenset(map(TextLayer, right.split("|")))
                yield f"{Path(name).name} {number}", rights, verdict


def _numbers(text: str) -> set[int]:
    spans = [part.split("-") for part in text.split(",")]
    return {n for span in spans for n in range(int(span[0]), int(span[-1]) + 1)}


def report(title: str, judged: list[tuple[str, frozenset[TextLayer], TextLayer]]) -> None:
    bad = [verdict in BAD for _, right, verdict in judged if right <= BAD]
    good = [verdict in BAD for _, right, verdict in judged if not right <= BAD]
    exact = sum(verdict in right for _, right, verdict in judged)
    shares = (sum(bad) / max(len(bad), 1), sum(good) / max(len(good), 1))
    sys.stdout.write(
        f"{title}: {len(judged)} pages; recall of bad pages {shares[0]:.3f} ({sum(bad)} of "
        f"{len(bad)}), false alarms {shares[1]:.4f} ({sum(good)} of {len(good)}), "
        f"exact verdict {exact / max(len(judged), 1):.3f}\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--font", default=FONT)
    parser.add_argument("--list", type=Path)
    parser.add_argument("--keep", type=Path, help="folder for the drawn pages")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    font, _, index = options.font.partition(":")
    shop = Workshop(Path(font), int(index or 0), options.seed)
    made: list[tuple[str, frozenset[TextLayer], TextLayer]] = []
    for group in (good_made, garbled_made, missing_made, layered_made):
        for page in group(shop):
            made.append((page.kind, page.right, judge_made(page)))
            if options.keep:
                options.keep.mkdir(parents=True, exist_ok=True)
                (options.keep / f"{len(made):03} {page.kind}.pdf").write_bytes(page.data)
    table: defaultdict[str, Counter[str]] = defaultdict(Counter)
    wanted = {kind: "|".join(sorted(right)) for kind, right, _ in made}
    for kind, _, verdict in made:
        table[kind][verdict.value] += 1
    for kind, counts in table.items():
        mark = " " if set(counts) <= set(wanted[kind].split("|")) else "*"
        sys.stdout.write(f"{mark} {kind:28}{wanted[kind]:10}{dict(counts)}\n")
    report("drawn", made)
    if options.list:
        real = list(listed(options.list))
        for name, right, verdict in real:
            if verdict not in right:
                sys.stdout.write(f"* {name}: {verdict.value}, not {'|'.join(sorted(right))}\n")
        report("real", real)


if __name__ == "__main__":
    main()
