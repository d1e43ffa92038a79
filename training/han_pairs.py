"""Write ``data/han_pairs.txt``: pairs of Han that stand side by side in Chinese words.

    python -m training.han_pairs

Counted over the words of jieba's dictionary (MIT licence) with their frequencies; the
commonest 40,000 pairs cover 93 % of what stands side by side inside words.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from importlib.resources import files
from itertools import pairwise

from classifier.extract.language.han import is_han
from classifier.resources import folder

PAIRS = 40_000


def main() -> None:
    counts: Counter[tuple[str, str]] = Counter()
    dictionary = files("jieba") / "dict.txt"
    for entry in dictionary.read_text(encoding="utf-8").splitlines():
        word, frequency, *_ = entry.split(" ")
        for first, second in pairwise(word):
            if is_han(first) and is_han(second):
                counts[first, second] += int(frequency)
    # Ties are broken by the characters, so that the file comes out the same every time.
    best = sorted(counts, key=lambda pair: (-counts[pair], pair))[:PAIRS]
    followers: defaultdict[str, list[str]] = defaultdict(list)
    for first, second in best:
        followers[first].append(second)
    lines = [f"{first}{''.join(sorted(followers[first]))}\n" for first in sorted(followers)]
    (folder("data") / "han_pairs.txt").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
