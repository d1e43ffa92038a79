"""The stages of a run on a cluster, each a class that Ray Data makes a pool of actors of.

They call what a run on one machine calls. Strangers' files are read in child processes with
limits here too; should an actor die all the same, Ray starts it anew and it tries again, up to
:data:`~classifier.archive.cluster.register.ATTEMPTS` times for the same document.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa
from pyarrow.fs import FileSystem

from classifier.archive import outcome
from classifier.archive.cluster.register import ATTEMPTS
from classifier.archive.cluster.units import Scored, Unit, from_table, to_table
from classifier.archive.intake import Opened, opened, own_name
from classifier.archive.outcome import Failure, Reading, suffix_of
from classifier.archive.predictor import Predictor
from classifier.archive.run import BATCH
from classifier.archive.versions import Versions, extractor, scoring, segmenter
from classifier.archive.walk import Found
from classifier.errors import ExtractionError, Reason, TenderlensError
from classifier.extract.container.walk import Packed
from classifier.extract.processes import ForkServer
from classifier.limits import Limits


@dataclass(frozen=True, slots=True)
class Setting:
    """What all actors are told.

    Attributes:
        register: handle of the actor that is the :class:`~.register.Register`.
        sources: file systems by the key of the input they belong to; local where there is none.
        threads: of the model in each actor.
        explaining: whether reports are shown to somebody, with the words behind each label.
    """

    register: Any
    versions: Versions
    limits: Limits
    sources: Mapping[str, FileSystem]
    model: str
    screened: bool
    threads: int
    explaining: bool

    def check(self) -> None:
        """Raises TenderlensError where this machine's program is not the caller's."""
        own = (extractor(), segmenter(), scoring())
        theirs = (self.versions.extractor, self.versions.segmenter, self.versions.scoring)
        if own != theirs:
            raise TenderlensError(
                "集群节点上的 tenderlens 版本或扩展与本机不同：请统一安装。 The nodes have another "
                f"tenderlens, or other extras, than the caller: {own} is not {theirs}."
            )


class _Stage:
    def __init__(self, setting: Setting) -> None:
        # Only a worker needs it, and the rest of this module is of use without it.
        import ray

        setting.check()
        self.setting = setting
        self._get: Callable[[Any], Any] = ray.get
        self._last = ""

    def is_hopeless(self, work: str) -> bool:
        """Whether this has killed actors enough; if not, it is begun."""
        return self.begun(work) >= ATTEMPTS

    def begun(self, work: str) -> int:
        before = self._get(self.setting.register.begin.remote(work, self._last))
        self._last = work
        return before

    def is_needed(self, unit: Unit, content: tuple[str, str]) -> bool:
        return self._get(self.setting.register.is_needed.remote(unit.place, content))


class Opener(_Stage):
    """Files → their documents' bytes."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._forks = ForkServer()

    def __call__(self, table: pa.Table) -> Iterator[pa.Table]:
        for unit in from_table(table):
            if unit.found is None:
                yield to_table([unit])
                continue
            if self.is_hopeless(f"open {unit.file}"):
                yield to_table(_given_up(unit))
                continue
            yield from self._documents(unit, unit.found)

    def _documents(self, unit: Unit, found: Found) -> Iterator[pa.Table]:
        number = 0
        fetch = self._fetch(found)
        with closing(opened(found, fetch, self.setting.limits, self._forks)) as documents:
            for number, document in enumerate(documents, 1):
                made = Unit(unit.file, number - 1, opened=document)
                if isinstance(document.packed.content, bytes):
                    suffix = suffix_of(own_name(document.packed.path, found))
                    if not self.is_needed(made, (document.own, suffix)):
                        made = made.with_result(None)
                    else:
                        made = Unit(unit.file, number - 1, found, document)
                yield to_table([made])
        yield to_table([Unit(unit.file, number, is_last=True)])

    def _fetch(self, found: Found) -> Callable[[], bytes]:
        source = self.setting.sources.get(found.scope_key)
        if source is None:
            return found.file.read_bytes
        return partial(_bytes, source, str(found.file), self.setting.limits.bytes + 1)


class Reader(_Stage):
    """Documents' bytes → their sentences."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._forks = ForkServer()

    def __call__(self, table: pa.Table) -> Iterator[pa.Table]:
        for unit in from_table(table):
            if unit.found is None or unit.opened is None:
                yield to_table([unit])
                continue
            if self.is_hopeless(f"read {unit.place}"):
                result: Reading | Failure = _crashed()
            else:
                name = own_name(unit.opened.packed.path, unit.found)
                result = self.read(unit.opened.packed, name)
            yield to_table([unit.with_result(result)])

    def read(self, packed: Packed, name: str) -> Reading | Failure:
        return outcome.read(packed, name, self.setting.limits, self._forks)


class Scorer(_Stage):
    """Sentences → reports; the model is asked about many documents at once."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self.predictor = Predictor(setting.model, setting.screened, setting.threads)
        if self.predictor.version != setting.versions.model_version:
            raise TenderlensError(
                "集群节点上的模型与本机不同：请统一安装。 The nodes have another model."
            )

    def __call__(self, table: pa.Table) -> Iterator[pa.Table]:
        waiting: list[Unit] = []
        sentences = 0
        for unit in from_table(table):
            waiting.append(unit)
            sentences += len(unit.result.sentences) if isinstance(unit.result, Reading) else 0
            if sentences >= BATCH:
                yield from self._answered(waiting)
                waiting, sentences = [], 0
        yield from self._answered(waiting)

    def _answered(self, units: list[Unit]) -> Iterator[pa.Table]:
        """All of them in their order, those that can be with a report."""
        readings = [u for u in units if isinstance(u.result, Reading)]
        if not readings:
            yield to_table(units)
            return
        work = f"score {readings[0].place} {readings[-1].place}"
        before = self.begun(work)
        if before and len(readings) > 1:
            # One of them may be the reason: each for itself, and all together never again.
            self._last = ""
            for unit in units:
                yield from self._answered([unit])
        elif before >= ATTEMPTS:
            yield to_table([u.with_result(_crashed()) if u in readings else u for u in units])
        else:
            done = iter(self.score([u.result for u in readings if isinstance(u.result, Reading)]))
            for unit in units:
                scored = isinstance(unit.result, Reading)
                yield to_table([unit.with_result(next(done)) if scored else unit])

    def score(self, readings: list[Reading]) -> Iterator[Scored]:
        predictor = self.predictor
        started, asked, answered = time.monotonic(), predictor.asked, predictor.answered
        rows = predictor.probabilities([reading.questions() for reading in readings])
        asked, answered = predictor.asked - asked, predictor.answered - answered
        each = (time.monotonic() - started) / max(asked, 1)
        model = predictor.model if self.setting.explaining else None
        for reading, probabilities in zip(readings, rows, strict=True):
            begun = time.monotonic()
            report = outcome.conclude(reading, probabilities, predictor.answering, model)
            seconds = time.monotonic() - begun + each * len(probabilities)
            yield Scored(reading, report, len(probabilities), answered, seconds)
            # Counted once for all of them.
            answered = 0


def _bytes(source: FileSystem, path: str, most: int) -> bytes:
    with source.open_input_stream(path) as stream:
        return stream.read(most)


def _crashed() -> Failure:
    said = f"{ATTEMPTS} workers have ended while they worked on it"
    return Failure(ExtractionError(Reason.CRASHED, said), 0.0)


def _given_up(unit: Unit) -> list[Unit]:
    document = Opened("", True, Packed("", _crashed().error), "")
    return [Unit(unit.file, 0, opened=document), Unit(unit.file, 1, is_last=True)]
