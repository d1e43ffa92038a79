"""The written corpus: complete, valid, balanced as promised, without near-duplicates."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from classifier.resources import folder
from classifier.taxonomy import CATEGORIES

FILES = sorted((folder("data") / "sentences").glob("*.jsonl"))
RECORDS = [json.loads(line) for file in FILES for line in file.open(encoding="utf-8")]


def test_size_and_spread() -> None:
    assert len(RECORDS) >= 6000
    assert len({record["field"] for record in RECORDS}) >= 30
    counts = Counter(code for record in RECORDS for code in record["categories"])
    assert {code for code in CATEGORIES if counts[code] < 150} == set()


def test_hard_sentences_stand_in_contrast_groups() -> None:
    hard = [record for record in RECORDS if record["kind"] == "hard"]
    assert len(hard) >= 1500
    groups: dict[str, list[tuple[str, ...]]] = {}
    for record in hard:
        groups.setdefault(record["pair"], []).append(tuple(record["categories"]))
    assert min(map(len, groups.values())) >= 2
    # A group whose members all carry the same labels would be no contrast.
    same = [pair for pair, labels in groups.items() if len(set(labels)) == 1]
    assert len(same) <= 0.02 * len(groups), same


def test_every_record_was_read_twice() -> None:
    ids = Counter(record["id"] for record in RECORDS)
    assert max(ids.values()) == 1
    for record in RECORDS:
        for key in ("categories", "annotator_1", "annotator_2"):
            assert set(record[key]) <= CATEGORIES.keys(), record["id"]
        agreed = record["annotator_1"] == record["annotator_2"]
        assert agreed or record["adjudicated"], record["id"]


def test_no_near_duplicates_outside_contrast_groups() -> None:
    corpus = pytest.importorskip("training.corpus", reason="needs the train extra")
    shingled = [corpus.shingles(record["text"]) for record in RECORDS]
    index: dict[str, list[int]] = {}
    found = []
    for i, grams in enumerate(shingled):
        shared = Counter(j for gram in grams for j in index.get(gram, ()))
        for j, n in shared.items():
            similar = n / (len(grams) + len(shingled[j]) - n) >= 0.7
            pair = RECORDS[i]["pair"]
            if similar and not (pair and pair == RECORDS[j]["pair"]):
                found.append((RECORDS[i]["id"], RECORDS[j]["id"]))
        for gram in grams:
            index.setdefault(gram, []).append(i)
    assert found == []
