"""A run over a real Ray cluster of two nodes gives what a run on one machine gives."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import ray
from ray_cluster import kill_actors, two_nodes
from store_files import ask, content_of, make_archive, predictor, scan

import cli
from classifier.archive.cluster import pipeline
from classifier.archive.cluster.actors import Reader
from classifier.archive.cluster.command import run_on_ray, walk_over
from classifier.archive.cluster.connection import connected
from classifier.archive.errors import ClusterError, SourceError
from classifier.archive.outcome import Failure, Reading
from classifier.archive.progress import Quiet, Totals
from classifier.archive.run import Options
from classifier.archive.store import Store
from classifier.errors import Reason
from classifier.extract.container.walk import Packed


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with (
        two_nodes() as made,
        connected(made.address, 2),
        pytest.MonkeyPatch.context() as patch,
    ):
        # A small archive then goes through in as many steps as a large one.
        patch.setattr(pipeline, "FILES_TOGETHER", 2)
        patch.setattr(pipeline, "DOCUMENTS_TOGETHER", 4)
        # The workers do not find this module.
        ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
        yield made


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_archive(tmp_path_factory.mktemp("ray") / "archive", texts=12)


@pytest.fixture(scope="module")
def expected(archive: Path) -> dict[str, Any]:
    scan(archive, archive.parent / "local")
    return content_of(archive.parent / "local")


class Slow(Reader):
    """Still at work when the first documents are finished."""

    def read(self, packed: Packed, name: str) -> Reading | Failure:
        time.sleep(0.4)
        return super().read(packed, name)


class When:
    """Does something once, when so many documents are finished."""

    def __init__(self, documents: int, act: Callable[[], object]) -> None:
        self._documents, self._act = documents, act
        self.result: Any = None

    def tell(self, totals: Totals, last: bool) -> None:
        if self.result is None and totals.documents >= self._documents and not last:
            made = self._act()
            self.result = True if made is None else made


def on_ray(given: Path | str, store: Path, progress: Any = None, **how: Any) -> Totals:
    stopped = how.pop("stopped", lambda: False)
    with Store.writing(store) as opened:
        walk = walk_over([str(given)])
        options = Options(**how)
        return run_on_ray(walk, opened, predictor(), options, None, progress or Quiet(), stopped)


def test_two_nodes_give_the_same_and_the_second_run_does_nothing(
    cluster: Any, archive: Path, expected: dict[str, Any], tmp_path: Path
) -> None:
    totals = on_ray(archive, tmp_path / "store")
    assert content_of(tmp_path / "store") == expected
    assert totals.documents + totals.copies == len(expected["rows"])
    assert (totals.skipped, totals.closed, totals.stopped) == (1, 0, False)
    totals = on_ray(archive, tmp_path / "store")
    assert (totals.documents, totals.settled) == (0, len(expected["files"]))
    assert content_of(tmp_path / "store") == expected
    # Either engine goes on with what the other has made.
    assert scan(archive, tmp_path / "store").settled == len(expected["files"])


def test_workers_killed_at_their_work_lose_nothing(
    cluster: Any,
    archive: Path,
    expected: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pipeline, "Reader", Slow)
    killing = When(1, lambda: kill_actors("(Slow)") * kill_actors("(Scorer)"))
    on_ray(archive, tmp_path / "store", killing)
    assert killing.result >= 1
    assert content_of(tmp_path / "store") == expected


class Poisoned(Reader):
    """A reader that one document of the archive kills."""

    def read(self, packed: Packed, name: str) -> Reading | Failure:
        if name == "需求3.txt":
            os.kill(os.getpid(), signal.SIGKILL)
        return super().read(packed, name)


def test_a_document_that_kills_its_workers_ends_as_crashed(
    cluster: Any,
    archive: Path,
    expected: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pipeline, "Reader", Poisoned)
    totals = on_ray(archive, tmp_path / "store")
    assert totals.reasons[Reason.CRASHED] == 1
    found = {(row.path, row.member): row for row in content_of(tmp_path / "store")["rows"]}
    for row in expected["rows"]:
        own = found.pop((row.path, row.member))
        if row.path.endswith("需求3.txt"):
            assert (own.reason, own.score) == (Reason.CRASHED, None)
        else:
            assert own == row
    assert not found


def test_files_behind_a_url_are_read_by_the_workers(
    cluster: Any, archive: Path, expected: dict[str, Any], tmp_path: Path
) -> None:
    # A scheme that pyarrow does not know and fsspec does, without a server.
    on_ray(f"local://{archive}", tmp_path / "store")
    content = content_of(tmp_path / "store")
    for part in ("rows", "documents", "sentences", "predictions", "pages", "files"):
        assert content[part] == expected[part], part
    assert ask(tmp_path / "store", "SELECT DISTINCT root FROM file") == [(f"local://{archive}",)]
    assert on_ray(f"local://{archive}", tmp_path / "store").documents == 0


def test_a_url_that_cannot_be_opened_is_told_without_its_secrets(tmp_path: Path) -> None:
    for url in ("nonsense://a/b", f"local://{tmp_path}/nothing", "local://user:word@/nothing"):
        with pytest.raises(SourceError) as told:
            walk_over([url])
        assert "word" not in str(told.value)
    with pytest.raises(SourceError, match="one after the other"):
        walk_over([str(tmp_path), "s3://bucket"])


@pytest.mark.parametrize("serving", [False, True])
def test_an_address_that_does_not_answer_is_told(
    monkeypatch: pytest.MonkeyPatch, serving: bool
) -> None:
    monkeypatch.setattr("classifier.archive.cluster.connection.PATIENCE", 3.0)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        if not serving:
            server.close()
        asking = connected(f"127.0.0.1:{port}", 2)
        with pytest.raises(ClusterError, match="Cannot connect"):
            asking.__enter__()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--engine", "ray", "--json"), "cannot be combined"),
        (("--address", "127.0.0.1:6379"), "goes with --engine ray"),
        (("--engine", "ray", "--address", "nowhere"), "HOST:PORT"),
    ],
)
def test_wrong_usage_is_said(
    archive: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        cli.app(["scan", str(archive), "--model", "lexical", *arguments])
    assert ended.value.code in (1, 2)
    assert told in capsys.readouterr().err


def test_without_ray_the_command_that_installs_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ClusterError, match=r"-m pip install 'ray\[data\]"), connected(None, 1):
        pass


# Last: the cluster has one node afterwards.
def test_a_stopped_run_is_gone_on_with_though_a_node_is_lost(
    cluster: Any,
    archive: Path,
    expected: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pipeline, "Reader", Slow)
    asked = iter(range(1000))
    totals = on_ray(archive, tmp_path / "store", stopped=lambda: next(asked) >= 5)
    assert totals.stopped
    kept = ask(tmp_path / "store", "SELECT count(*) FROM document")[0][0]
    assert 0 < kept < len(expected["rows"]) // 2
    (node,) = cluster.worker_nodes
    losing = When(1, lambda: cluster.remove_node(node, allow_graceful=False))
    on_ray(archive, tmp_path / "store", losing)
    assert losing.result is True
    assert content_of(tmp_path / "store") == expected
