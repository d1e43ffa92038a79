"""What a store says after runs over an archive that changes, and how it is opened."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pandas
import pytest
from store_files import (
    ask,
    content_of,
    files_of,
    make_archive,
    model_like_lexical,
    packed,
    part_rows,
    predictor,
    scan,
    text,
)

from classifier import Classifier, Limits, Reason
from classifier.archive import upkeep
from classifier.archive.errors import StoreDiffers, StoreInUse, StoreMissing, StoreTooNew
from classifier.archive.outcome import figures
from classifier.archive.predictor import Predictor
from classifier.archive.run import Options, scan_archive
from classifier.archive.store import Store


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An archive and its store; tests that change them take a copy."""
    folder = tmp_path_factory.mktemp("scanned")
    archive = make_archive(folder / "archive", texts=6)
    scan(archive, folder / "store")
    return archive, folder / "store"


@pytest.fixture
def own(scanned: tuple[Path, Path]) -> Iterator[tuple[Path, Path]]:
    """The same archive and store, for a test to change; put back afterwards."""
    archive, store = scanned
    kept, links = store.with_name("kept"), store.with_name("links")
    shutil.copytree(store, kept)
    links.mkdir()
    before = {path: path.read_bytes() for path in archive.rglob("*") if path.is_file()}
    times = {path: path.stat().st_mtime_ns for path in before}
    # Links keep the inodes, by which a run tells that a file is the same.
    for number, path in enumerate(before):
        (links / str(number)).hardlink_to(path)
    yield archive, store
    for path in [path for path in archive.rglob("*") if not path.is_dir()]:
        path.unlink()
    for number, (path, data) in enumerate(before.items()):
        (links / str(number)).rename(path)
        path.chmod(0o644)
        if path.read_bytes() != data:
            path.write_bytes(data)
        os.utime(path, ns=(times[path], times[path]))
    links.rmdir()
    shutil.rmtree(store)
    kept.rename(store)


def rows_of(store: Path) -> dict[str, Any]:
    with Store.open(store) as opened:
        return {row.label: row for row in opened.rows()}


def test_rows_are_sorted_and_every_document_is_accounted_for(scanned: tuple[Path, Path]) -> None:
    rows = rows_of(scanned[1])
    assert [(row.path, row.member) for row in rows.values()] == sorted(
        (row.path, row.member) for row in rows.values()
    )
    assert len(rows) == 6 + 3 + 1 + 5 + 2
    codes = {label: row.reason for label, row in rows.items() if row.score is None}
    assert codes == {
        "坏.docx": Reason.DAMAGED,
        "空.pdf": Reason.EMPTY,
        "附件.zip/里.zip/空.txt": Reason.EMPTY,
    }


def test_a_row_says_what_the_analyzer_says_of_the_file(scanned: tuple[Path, Path]) -> None:
    archive, store = scanned
    row = rows_of(store)["方案101.docx"]
    report = Classifier.load("lexical").analyze(archive / "方案101.docx")
    expected = figures(report)
    assert row.score is not None
    assert row.score.verdict is expected.score.verdict
    assert row.score.balance == pytest.approx(expected.score.balance, abs=1e-4)
    assert row.score.profile == expected.score.profile
    assert row.alarms == expected.alarms
    assert row.missing == expected.missing
    assert (row.title, row.format) == ("第101号项目", "docx")
    assert row.sentences == len(report.sentences)
    assert len(row.signature) == 128
    assert (store / row.report).is_file()


def test_a_second_run_opens_nothing(own: tuple[Path, Path]) -> None:
    archive, store = own
    before = content_of(store)
    for path in archive.rglob("*.txt"):
        path.chmod(0)
    totals = scan(archive, store)
    assert (totals.documents, totals.settled) == (0, len(before["files"]))
    assert content_of(store) == before


def test_copies_have_one_result(own: tuple[Path, Path]) -> None:
    archive, store = own
    copies = ("副本.txt", "2021年/需求1.txt")
    query = "SELECT count(*), count(DISTINCT result_id) FROM document WHERE content = '{}'"
    rows = rows_of(store)
    assert len({rows[path].content for path in copies}) == 1
    assert ask(store, query.format(rows["副本.txt"].content)) == [(2, 1)]
    (archive / "再一份.txt").write_bytes((archive / "副本.txt").read_bytes())
    assert scan(archive, store).sentences == 0
    assert ask(store, query.format(rows["副本.txt"].content)) == [(3, 1)]
    assert rows_of(store)["再一份.txt"].report == rows["副本.txt"].report


def test_a_copy_under_another_extension_is_read_as_what_it_says(own: tuple[Path, Path]) -> None:
    archive, store = own
    (archive / "需求.csv").write_text("条款,要求\n一,员工须每日打卡。\n", encoding="utf-8")
    (archive / "需求.txt").write_text("条款,要求\n一,员工须每日打卡。\n", encoding="utf-8")
    scan(archive, store)
    rows = rows_of(store)
    assert (rows["需求.csv"].format, rows["需求.txt"].format) == ("csv", "text")


def test_a_changed_file_is_a_new_row_and_the_old_one_history(own: tuple[Path, Path]) -> None:
    archive, store = own
    path = archive / "2020年" / "需求0.txt"
    old = rows_of(store)["2020年/需求0.txt"]
    path.write_text(text(777), encoding="utf-8")
    totals = scan(archive, store)
    assert totals.documents == 1
    new = rows_of(store)["2020年/需求0.txt"]
    assert new.content != old.content
    states = [row[3:] for row in files_of(store) if row[0] == "2020年/需求0.txt"]
    assert states == [("done", 0), ("done", 1)]
    assert (store / old.report).is_file()
    assert (store / new.report).is_file()


def test_a_touched_file_is_not_read_again(own: tuple[Path, Path]) -> None:
    archive, store = own
    os.utime(archive / "副本.txt", (1, 1))
    totals = scan(archive, store)
    assert totals.sentences == 0
    assert scan(archive, store).documents == 0


def test_a_file_that_is_gone_becomes_history(own: tuple[Path, Path]) -> None:
    archive, store = own
    (archive / "副本.txt").unlink()
    assert scan(archive, store).gone == 1
    assert "副本.txt" not in rows_of(store)
    assert [row[3:] for row in files_of(store) if row[0] == "副本.txt"] == [("done", 0)]


def test_another_folder_adds_to_the_store(own: tuple[Path, Path], tmp_path: Path) -> None:
    _, store = own
    before = len(rows_of(store))
    (tmp_path / "更多").mkdir()
    (tmp_path / "更多" / "新.txt").write_text(text(900), encoding="utf-8")
    assert scan(tmp_path / "更多", store).gone == 0
    assert len(rows_of(store)) == before + 1


def test_a_container_that_changed_keeps_the_results_of_its_members(own: tuple[Path, Path]) -> None:
    archive, store = own
    members = {"外.txt": text(201).encode(), "新.txt": text(300).encode()}
    (archive / "附件.zip").write_bytes(packed(members))
    totals = scan(archive, store)
    assert totals.sentences == rows_of(store)["附件.zip/新.txt"].sentences
    labels = [label for label in rows_of(store) if label.startswith("附件.zip")]
    assert labels == ["附件.zip/外.txt", "附件.zip/新.txt"]


def test_a_new_model_predicts_from_what_is_stored(own: tuple[Path, Path], tmp_path: Path) -> None:
    archive, store = own
    before = content_of(store)
    model = model_like_lexical(tmp_path / "model", bias=2.0)
    with Store.writing(store) as opened:
        totals = scan_archive([archive], opened, Predictor(model))
    assert totals.read_again == 0
    assert ask(store, "SELECT DISTINCT run_id FROM extraction") == [(1,)]
    assert ask(store, "SELECT run_id, count(*) FROM result GROUP BY 1") == [(1, 11), (2, 11)]
    after = content_of(store)
    shares = [
        [row.score and row.score.salience for row in found["rows"]] for found in (before, after)
    ]
    assert shares[0] != shares[1]
    scan_fresh = tmp_path / "fresh"
    with Store.writing(scan_fresh) as opened:
        scan_archive([archive], opened, Predictor(model))
    fresh = content_of(scan_fresh)
    assert fresh["rows"] == after["rows"]
    assert fresh["pages"] == after["pages"]
    # And back: the first model's results are there still.
    with Store.writing(store) as opened:
        assert scan_archive([archive], opened, predictor()).sentences == 0
    assert [row.score for row in content_of(store)["rows"]] == [r.score for r in before["rows"]]


def test_other_limits_read_again_only_what_they_concern(own: tuple[Path, Path]) -> None:
    archive, store = own
    totals = scan(archive, store, Options(Limits(seconds=299.0)))
    assert totals.sentences == 0
    assert ask(store, "SELECT count(*) FROM extraction WHERE run_id = 2") == [(3,)]


def test_fresh_does_everything_anew_and_leaves_nothing_twice(own: tuple[Path, Path]) -> None:
    archive, store = own
    before = content_of(store)
    totals = scan(archive, store, Options(fresh=True))
    assert totals.sentences == len(before["sentences"])
    assert content_of(store) == before
    assert ask(store, "SELECT DISTINCT run_id FROM extraction") == [(2,)]
    assert scan(archive, store).documents == 0


def test_a_lost_part_is_made_anew(own: tuple[Path, Path]) -> None:
    archive, store = own
    before = content_of(store)
    next((store / "predictions").rglob("*.parquet")).unlink()
    cut = next((store / "sentences").glob("*.parquet"))
    cut.write_bytes(cut.read_bytes()[:-20])
    scan(archive, store)
    assert content_of(store) == before


def test_what_a_killed_run_left_is_swept(own: tuple[Path, Path]) -> None:
    archive, store = own
    before = content_of(store)
    (store / "sentences" / "000009-000001.parquet").write_bytes(b"half")
    (store / "sentences" / "000009-000002.parquet.tmp").write_bytes(b"half")
    (store / "reports" / "x.report.html").write_text("half")
    (store / "reports" / "y.report.html.tmp").write_text("half")
    with sqlite3.connect(store / "ledger.sqlite") as db:
        db.execute("UPDATE run SET state = 'running'")
    scan(archive, store)
    assert content_of(store) == before
    assert not list(store.rglob("*.tmp"))


def test_small_parts_are_put_together(own: tuple[Path, Path], monkeypatch) -> None:
    archive, store = own
    for number in range(3):
        (archive / f"又{number}.txt").write_text(text(500 + number), encoding="utf-8")
        scan(archive, store)
    before = content_of(store)
    number = len(list(store.rglob("*.parquet")))
    monkeypatch.setattr(upkeep, "TOGETHER", 2)
    scan(archive, store)
    assert content_of(store) == before
    assert len(list(store.rglob("*.parquet"))) == 3 < number
    model = Predictor("lexical")
    assert model.version in str(next((store / "predictions").iterdir()))


def test_columnar_files_join_the_ledger_in_duckdb_and_pandas(scanned: tuple[Path, Path]) -> None:
    _, store = scanned
    found = duckdb.sql(
        f"SELECT s.content, count(*) AS sentences, max(p.control) AS control"
        f" FROM '{store}/sentences/*.parquet' s"
        f" JOIN '{store}/predictions/*/*.parquet' p USING (content, suffix, extractor, index)"
        " GROUP BY 1"
    ).fetchall()
    expected = {row.content: row.sentences for row in rows_of(store).values() if row.score}
    assert {content: number for content, number, _ in found} == expected
    assert all(0 < control <= 1 for *_, control in found)
    frame = pandas.read_parquet(store / "sentences")
    assert len(frame) == sum(expected.values())
    assert "投标文件须加盖公章。" in set(frame["text"])


def test_no_text_keeps_hashes_alone(own: tuple[Path, Path], tmp_path: Path) -> None:
    archive, _ = own
    store = tmp_path / "hashes"
    scan(archive, store, no_text=True)
    everything = b"".join(path.read_bytes() for path in store.rglob("*") if path.is_file())
    for told in ("投标文件须加盖公章", "打卡", "第101号项目"):
        assert told.encode() not in everything
    assert not (store / "documents").exists()
    assert not (store / "reports").exists()
    rows = part_rows(store, "sentences")
    assert {row["text"] for row in rows} == {None}
    assert all(len(row["hash"]) == 32 for row in rows)
    row = rows_of(store)["副本.txt"]
    assert row.alarms and not any(alarm.text for alarm in row.alarms)
    # The option is remembered, and a new model needs the documents again.
    model = model_like_lexical(tmp_path / "model", bias=1.0)
    with Store.writing(store) as opened:
        assert not opened.keeps_text
        totals = scan_archive([archive], opened, Predictor(model))
    assert totals.read_again == 11
    with pytest.raises(StoreDiffers):
        Store.writing(own[1], no_text=True)


def test_redacted_stores_hold_no_personal_data(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    archive.mkdir()
    told = "联系人：欧阳明远，手机：13912345678。\n员工须每日打卡。\n"
    (archive / "联系人13912345678.txt").write_text(told, encoding="utf-8")
    store = tmp_path / "store"
    scan(archive, store, redacted=True)
    (row,) = rows_of(store).values()
    assert row.score is not None
    assert "手机号" in row.path
    everything = [path.read_bytes() for path in store.rglob("*") if path.is_file()]
    texts = [r["text"] for r in part_rows(store, "sentences")]
    assert any("打卡" in text for text in texts)
    for secret in ("13912345678", "欧阳明远"):
        assert not any(secret.encode() in data for data in everything)
        assert not any(secret in text for text in texts)
        assert not any(secret in path.name for path in store.rglob("*"))
    assert scan(archive, store).settled == 1


def test_a_store_in_use_is_refused(own: tuple[Path, Path]) -> None:
    _, store = own
    with Store.writing(store), pytest.raises(StoreInUse), Store.writing(store):
        pass
    with Store.writing(store), Store.open(store) as reading:
        assert next(reading.rows())


def test_a_folder_without_a_ledger_and_one_of_a_later_version(own: tuple[Path, Path]) -> None:
    archive, store = own
    with pytest.raises(StoreMissing):
        Store.open(archive)
    with sqlite3.connect(store / "ledger.sqlite") as db:
        db.execute("PRAGMA user_version = 99")
    for opening in (Store.open, Store.writing):
        with pytest.raises(StoreTooNew, match="99"):
            opening(store)


@pytest.mark.parametrize("spoil", ["header", "middle"])
def test_a_damaged_ledger_is_moved_aside_and_built_anew(own: tuple[Path, Path], spoil: str) -> None:
    archive, store = own
    before = content_of(store)
    ledger = store / "ledger.sqlite"
    data = bytearray(ledger.read_bytes())
    if spoil == "header":
        data[:100] = b"x" * 100
    else:
        with sqlite3.connect(ledger) as db:
            db.execute("UPDATE run SET state = 'running'")
        data = bytearray(ledger.read_bytes())
        data[3 * 4096 : -4096] = os.urandom(len(data) - 4 * 4096)
    ledger.write_bytes(data)
    with Store.writing(store) as opened:
        assert opened.moved_aside is not None
        assert opened.moved_aside.read_bytes() == bytes(data)
        scan_archive([archive], opened, predictor())
    assert content_of(store) == before


def test_a_full_disk_leaves_the_ledger_as_it_was(own: tuple[Path, Path], monkeypatch) -> None:
    archive, store = own
    before = content_of(store)
    (archive / "新.txt").write_text(text(600), encoding="utf-8")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            scan(archive, store)
    after = content_of(store)
    del after["pages"], before["pages"]
    assert after == before
    scan(archive, store)
    assert "新.txt" in rows_of(store)


def test_a_ledger_that_cannot_grow_stays_whole(own: tuple[Path, Path]) -> None:
    archive, store = own
    for number in range(40):
        (archive / f"多{number}.txt").write_text(text(1000 + number), encoding="utf-8")
    before = files_of(store)
    with Store.writing(store) as opened:
        opened.ledger.db.execute("PRAGMA max_page_count = 1")
        with pytest.raises(sqlite3.OperationalError, match="full"):
            scan_archive([archive], opened, predictor())
    # Free pages of the ledger may have taken some of the new files, each whole.
    after = files_of(store)
    assert set(before) <= set(after)
    assert len(after) < len(before) + 40
    assert ask(store, "PRAGMA integrity_check") == [("ok",)]
    scan(archive, store)
    assert len(files_of(store)) == len(before) + 40


def test_a_file_that_cannot_be_opened_is_tried_again(own: tuple[Path, Path]) -> None:
    archive, store = own
    (archive / "断.txt").symlink_to(archive / "不在.txt")
    (archive / "环.txt").symlink_to(archive / "环.txt")
    scan(archive, store)
    assert "断.txt" not in rows_of(store)
    (archive / "不在.txt").write_text(text(700), encoding="utf-8")
    scan(archive, store)
    assert rows_of(store)["断.txt"].reason is Reason.OK


def test_the_ledger_is_plain_tables(scanned: tuple[Path, Path]) -> None:
    _, store = scanned
    tables = {name for (name,) in ask(store, "SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables == {
        "setting",
        "run",
        "part",
        "extraction",
        "result",
        "alarm",
        "file",
        "document",
    }
    for table in tables:
        keys = [row for row in ask(store, f"PRAGMA table_info({table})") if row[5]]
        assert keys, table
    (profile,) = ask(store, "SELECT profile FROM result LIMIT 1")[0]
    assert len(json.loads(profile)) == 19
