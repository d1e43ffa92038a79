"""Sentence boundaries of ours and of known rule splitters on marked text.

    python benchmarks/segmentation/run.py [FILE.jsonl ...] [--python INTERPRETER] [--write]

Without a file, the golden set beside this program. Every splitter runs in a
process of its own; those that are not installed in INTERPRETER (default: this
one) are skipped. A boundary is the end of a sentence, counted in letters and
digits, so that white space and closing punctuation do not matter; the end of
the text is given to everybody and does not count. Pieces that say nothing
(rule Z1) are ignored on both sides. ``--write`` puts the tables for the golden
set into README.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from classifier.splitting import says_something, split, split_clauses

HERE: Final = Path(__file__).parent
README: Final = HERE / "README.md"
BEGIN, END = "<!-- tables: begin -->", "<!-- tables: end -->"
OURS: Final = "ours"
SECONDS: Final = 600

# Each program reads a JSON list of texts and prints a JSON list of lists of pieces.
_FRAME: Final = """
import importlib.util, json, re, sys
from pathlib import Path
def module(package, path):
    spec = importlib.util.find_spec(package)
    if spec is None:
        raise ImportError(package)
    file = Path(spec.submodule_search_locations[0]) / path
    spec = importlib.util.spec_from_file_location("splitter", file)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded
texts = json.load(sys.stdin)
{body}
json.dump([list(cut(text)) for text in texts], sys.stdout)
"""
# HanLP's and JioNLP's splitters are single files: their packages' heavy imports are not needed.
SPLITTERS: Final = {
    "naive (。！？；, line ends)": "cut = lambda text: re.split(r'(?<=[。！？；\\n])', text)",
    "pySBD (zh)": "import pysbd; cut = pysbd.Segmenter(language='zh', clean=False).segment",
    "HanLP split_sentence": "cut = module('hanlp', 'utils/rules.py').split_sentence",
    "LTP StnSplit": "from ltp_extension.algorithms import StnSplit; cut = StnSplit().split",
    "JioNLP split_sentence": ("cut = module('jionlp', 'gadget/split_sentence.py').SplitSentence()"),
    "zhon.hanzi.sentence": (
        "import zhon.hanzi; cut = lambda text: re.findall(zhon.hanzi.sentence, text)"
    ),
}


@dataclass(frozen=True, slots=True)
class Case:
    """A marked text; ``rule`` is a rule's name in STANDARD.md, or several with commas."""

    rule: str
    hard: bool
    text: str
    ends: frozenset[int]


@dataclass(frozen=True, slots=True)
class Figures:
    """Boundary precision, recall and F1, and the share of cases without any error."""

    precision: float
    recall: float
    f1: float
    whole: float
    cases: int


def ends(text: str, pieces: list[str]) -> frozenset[int]:
    """Boundaries of ``text``: letters and digits before the end of each piece."""
    total = _letters(text)
    found = set()
    at = 0
    for piece in pieces:
        start = text.find(piece, at)
        if start < 0:
            raise ValueError(f"{piece!r} is not in the text where it should be")
        at = start + len(piece)
        if says_something(piece.strip()):
            found.add(_letters(text[:at]))
    return frozenset(found - {total})


def read_cases(path: Path) -> list[Case]:
    """Cases of a golden file; clauses of ``golden_clauses.jsonl`` count like sentences."""
    cases = []
    for line in path.read_text("utf-8").splitlines():
        case = json.loads(line)
        marked = case.get("sentences") or [c for part in case.get("clauses", []) for c in part]
        text = case["text"]
        cases.append(Case(case["rule"], case.get("hard", False), text, ends(text, marked)))
    return cases


def measure(cases: list[Case], found: list[frozenset[int]]) -> Figures:
    right = sum(len(case.ends & ends) for case, ends in zip(cases, found, strict=True))
    expected = sum(len(case.ends) for case in cases)
    given = sum(map(len, found))
    whole = sum(case.ends == ends for case, ends in zip(cases, found, strict=True))
    return Figures(
        precision=right / given if given else 1.0,
        recall=right / expected if expected else 1.0,
        f1=2 * right / (given + expected) if given + expected else 1.0,
        whole=whole / len(cases),
        cases=len(cases),
    )


def run_splitter(body: str, texts: list[str], python: str) -> list[list[str]] | None:
    """Pieces of every text, or nothing if the splitter is not installed."""
    done = subprocess.run(
        [python, "-c", _FRAME.format(body=body)],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode == 0:
        return json.loads(done.stdout)
    if "ImportError" in done.stderr or "ModuleNotFoundError" in done.stderr:
        return None
    raise RuntimeError(done.stderr)


def tables(path: Path, python: str) -> str:
    """Markdown: all splitters over the whole file, and ours by rule."""
    cases = read_cases(path)
    texts = [case.text for case in cases]
    clauses = "clauses" in path.stem
    ours = [ends(text, _ours(text, clauses)) for text in texts]
    lines = [
        f"`{path.name}`, {len(cases)} cases, {sum(len(case.ends) for case in cases)} boundaries "
        f"inside them, {sum(case.hard for case in cases)} cases marked hard",
        "",
        "| splitter | precision | recall | F1 | cases wholly right | of the hard ones |",
        "|---|---|---|---|---|---|",
        _row(OURS, cases, ours),
    ]
    for name, body in {} if clauses else SPLITTERS.items():
        pieces = run_splitter(body, texts, python)
        if pieces is None:
            lines.append(f"| {name} | not installed | | | | |")
        else:
            found = [ends(t, _aligned(t, p)) for t, p in zip(texts, pieces, strict=True)]
            lines.append(_row(name, cases, found))
    return "\n".join([*lines, "", *_by_rule(cases, ours)])


def _ours(text: str, clauses: bool) -> list[str]:
    if clauses:
        return [text[s.start : s.end] for sentence in split_clauses(text) for s in sentence]
    return [text[span.start : span.end] for span in split(text)]


def _aligned(text: str, pieces: list[str]) -> list[str]:
    """The pieces as they stand in the text; some splitters put in or take out white space."""
    at = 0
    out = []
    for piece in pieces:
        if text.find(piece, at) < 0:
            letters = _letters(piece)
            end = at
            while letters and end < len(text):
                letters -= text[end].isalnum()
                end += 1
            piece = text[at:end]
        at = text.find(piece, at) + len(piece)
        out.append(piece)
    return out


def _row(name: str, cases: list[Case], found: list[frozenset[int]]) -> str:
    all_ = measure(cases, found)
    hard = [(c, e) for c, e in zip(cases, found, strict=True) if c.hard]
    share = f"{measure([c for c, _ in hard], [e for _, e in hard]).whole:.3f}" if hard else "–"
    return (
        f"| {name} | {all_.precision:.3f} | {all_.recall:.3f} | {all_.f1:.3f} "
        f"| {all_.whole:.3f} | {share} |"
    )


def _by_rule(cases: list[Case], found: list[frozenset[int]]) -> list[str]:
    groups: dict[str, list[int]] = defaultdict(list)
    for i, case in enumerate(cases):
        for rule in case.rule.split(","):
            groups[rule].append(i)
    if len(groups) < 2:
        return []
    rows = ["| rule | cases | F1 of ours | wholly right |", "|---|---|---|---|"]
    for rule, members in groups.items():
        own = measure([cases[i] for i in members], [found[i] for i in members])
        rows.append(f"| {rule} | {own.cases} | {own.f1:.3f} | {own.whole:.3f} |")
    return [*rows, ""]


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    golden = [HERE / "golden.jsonl", HERE / "golden_clauses.jsonl"]
    parser.add_argument("files", type=Path, nargs="*", default=golden)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--write", action="store_true", help="put the tables into README.md")
    options = parser.parse_args()
    text = "\n".join(tables(path, options.python) for path in options.files)
    sys.stdout.write(text + "\n")
    if options.write:
        before, _, rest = README.read_text("utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        README.write_text(f"{before}{BEGIN}\n{text}{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
