"""Near-duplicates of an archive: what is nearly the same is found, and nothing else."""

from __future__ import annotations

import random
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from archive_rows import row, signature, variant

from classifier.archive.groups import near_duplicates
from classifier.archive.rows import DocumentRow


def rows_of(signatures: Iterable[np.ndarray]) -> list[DocumentRow]:
    return [
        row(f"{i}.txt", signature=tuple(int(v) for v in values))
        for i, values in enumerate(signatures)
    ]


def test_variants_meet_and_strangers_stay_alone() -> None:
    rows = rows_of(
        [
            signature(1),
            signature(2),
            variant(signature(1), range(20), 3),
            signature(4),
            variant(signature(1), range(40, 70), 5),
            signature(2),
        ]
    )
    found = near_duplicates(rows)
    assert [set(group.members) for group in found.groups] == [{0, 2, 4}, {1, 5}]
    assert [found.number(i) for i in range(6)] == [1, 2, 1, 0, 1, 2]
    assert found.groups[1].similarity == 1.0
    assert 0.7 <= found.groups[0].similarity <= 108 / 128


def test_a_chain_of_small_changes_does_not_merge_its_ends() -> None:
    links = [signature(1)]
    for step in range(1, 12):
        changed = range((step - 1) * 20 % 128, (step - 1) * 20 % 128 + 20)
        links.append(variant(links[-1], [place % 128 for place in changed], 100 + step))
    neighbours = [float((a == b).mean()) for a, b in pairwise(links)]
    assert min(neighbours) > 0.8
    found = near_duplicates(rows_of(links))
    assert len(found.groups) > 1
    for group in found.groups:
        centre = links[group.members[0]]
        alike = [(links[i] == centre).mean() for i in group.members]
        assert min(alike) == group.similarity >= 0.7


def test_rows_without_text_or_of_another_making_are_left_alone() -> None:
    empty = np.full(128, 2**32 - 1, np.uint64)
    rows = rows_of([empty, empty, signature(1), signature(1), signature(2)[:64]])
    rows += [row("a"), row("b")]
    found = near_duplicates(rows)
    assert [group.members for group in found.groups] == [(2, 3)]
    assert near_duplicates([]).groups == ()


def test_no_pair_at_the_threshold_is_lost_among_many() -> None:
    chance = random.Random(7)
    signatures, twins = [], []
    for i in range(3000):
        signatures.append(signature(i))
        if i % 10 == 0:
            twins.append((len(signatures) - 1, len(signatures)))
            changed = chance.sample(range(128), 25)
            signatures.append(variant(signatures[-1], changed, 10_000 + i))
    found = near_duplicates(rows_of(signatures))
    assert {frozenset(group.members) for group in found.groups} == set(map(frozenset, twins))


def test_very_many_copies_make_one_group() -> None:
    rows = rows_of([signature(1)] * 3000 + [signature(2)])
    (group,) = near_duplicates(rows).groups
    assert group.members == tuple(range(3000))
