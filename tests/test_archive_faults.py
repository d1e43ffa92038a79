"""What befalls a store between runs: spoiled ledgers and parts, a clock that goes back.

Each ends in what an undisturbed run says, or in a message that tells the way back.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from store_files import content_of, make_archive, model_like_lexical, scan, text

from classifier.archive.errors import PartDamaged, StoreError
from classifier.archive.predictor import Predictor
from classifier.archive.run import Options, scan_archive
from classifier.archive.store import Store

Spoil = Callable[[bytes, random.Random], bytes]


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict]:
    folder = tmp_path_factory.mktemp("faults")
    archive = make_archive(folder / "archive", texts=4)
    scan(archive, folder / "store")
    return archive, folder / "store", content_of(folder / "store")


@pytest.fixture
def own(scanned: tuple[Path, Path, dict], tmp_path: Path) -> tuple[Path, Path, dict]:
    archive, store, expected = scanned
    shutil.copytree(store, tmp_path / "store")
    return archive, tmp_path / "store", expected


def flipped(data: bytes, chance: random.Random) -> bytes:
    spoiled = bytearray(data)
    for _ in range(400):
        spoiled[chance.randrange(100, len(data))] ^= 1 << chance.randrange(8)
    return bytes(spoiled)


SPOILS: dict[str, Spoil] = {
    "flipped": flipped,
    "cut": lambda data, chance: data[: chance.randrange(1, len(data))],
    "empty": lambda data, chance: b"",
    "another file": lambda data, chance: b"%PDF-1.7\n" * 500,
    "zeros": lambda data, chance: bytes(len(data)),
}


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("kind", SPOILS)
def test_a_spoiled_ledger_is_built_anew_or_told(
    kind: str, seed: int, own: tuple[Path, Path, dict]
) -> None:
    archive, store, expected = own
    ledger = store / "ledger.sqlite"
    ledger.write_bytes(SPOILS[kind](ledger.read_bytes(), random.Random(seed)))
    try:
        scan(archive, store)
    except StoreError as error:
        assert "tenderlens scan" in str(error)
        scan(archive, store)
    assert content_of(store) == expected


@pytest.mark.parametrize("kind", ["flipped", "zeros"])
def test_a_part_spoiled_within_is_named_with_the_way_back(
    kind: str, own: tuple[Path, Path, dict], tmp_path: Path
) -> None:
    """Of the same size, so that only who reads it finds out."""
    archive, store, _ = own
    for part in (store / "sentences").glob("*.parquet"):
        part.write_bytes(SPOILS[kind](part.read_bytes(), random.Random(1)))
    model = model_like_lexical(tmp_path / "model", bias=2.0)
    with Store.writing(store) as opened, pytest.raises(PartDamaged, match="--fresh"):
        scan_archive([archive], opened, Predictor(model))
    with Store.writing(store) as opened:
        scan_archive([archive], opened, Predictor(model), Options(fresh=True))
    with Store.writing(tmp_path / "undisturbed") as opened:
        scan_archive([archive], opened, Predictor(model))
    assert content_of(store)["rows"] == content_of(tmp_path / "undisturbed")["rows"]


def test_a_clock_that_goes_back_changes_nothing(
    own: tuple[Path, Path, dict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, store, _ = own
    archive = make_archive(tmp_path / "archive", texts=4)
    scan(archive, store)
    (archive / "副本.txt").write_text(text(888), encoding="utf-8")
    (archive / "新.txt").write_text(text(889), encoding="utf-8")
    monkeypatch.setattr(time, "time", lambda: 1_000_000_000.0)
    scan(archive, store)
    scan(archive, tmp_path / "undisturbed")
    labels = [row.label for row in content_of(tmp_path / "undisturbed")["rows"]]
    assert "新.txt" in labels
    after = scan(archive, store)
    assert after.documents == 0
    db = sqlite3.connect(store / "ledger.sqlite")
    current = "SELECT count(*) FROM file WHERE is_current AND path = '副本.txt'"
    assert db.execute(current).fetchone()[0] >= 1
    db.close()
    with Store.open(store) as opened, Store.open(tmp_path / "undisturbed") as other:
        found = {row.content for row in opened.rows()}
        assert {row.content for row in other.rows()} <= found
