"""Documents, the machine's labels, and what people said of them, in one SQLite file.

The trail of decisions is only ever added to, which the file itself enforces. Several
programs and threads may use one file at a time.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from classifier.errors import ReviewError
from classifier.orientation import OrientationScore
from classifier.report.model import Analysis
from classifier.review import schema, trail
from classifier.review.agreement import agreements
from classifier.review.checks import checked_label, checked_name
from classifier.review.model import (
    Act,
    Agreement,
    Decision,
    Label,
    Reviewed,
    SignOff,
    Standing,
    StoredDocument,
    StoredSentence,
    same,
)
from classifier.taxonomy import Orientation

Target = tuple[str, int]
"""A document's SHA-256 and the index of a sentence in it."""


class ReviewStore:
    """See :meth:`open`. Also a context manager that closes the file."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._lock = threading.RLock()

    @classmethod
    def open(cls, path: str | Path) -> ReviewStore:
        """Open a store, or make an empty one where there is no file.

        Raises:
            ReviewError: the file is something else, damaged, or of another version.
        """
        return cls(Path(path), schema.connect(Path(path)))

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def __enter__(self) -> ReviewStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, report: Analysis, original: Path | None) -> str:
        """Put in a scored document, or the newer answers of a model for one that is there.

        Args:
            original: the file it was read from, or the archive that holds it.

        Returns:
            The document's key, the SHA-256 of its bytes.

        Raises:
            ReviewError: the document has no hash, or has decisions and its sentences were
                cut otherwise.
        """
        key = report.document.sha256
        if not key:
            raise ReviewError(f"{report.document.name}: was not read from a file, it has no hash")
        with self._transaction() as run:
            row = schema.document_row(report, original, time.time())
            sentences = schema.sentence_rows(report)
            if (before := self._document(key)) is not None:
                self._check_same_sentences(before, sentences)
                row = (*row[:-1], before.added)
            marks = ",".join("?" * len(row))
            names = ("name", "member", "format", "original", "page_sizes", "model")
            names += ("model_version", "score", "sentences", "alarms")
            renewed = ",".join(f"{name} = excluded.{name}" for name in names)
            run(
                f"INSERT INTO documents VALUES ({marks}) "
                f"ON CONFLICT (sha256) DO UPDATE SET {renewed}",
                row,
            )
            self._replace_sentences(key, sentences)
        return key

    def _check_same_sentences(self, before: StoredDocument, rows: Sequence[tuple]) -> None:
        """A decision names a sentence by its number: that must go on meaning the same text."""
        texts = [s.text for s in self.sentences(before.sha256)]
        if texts != [row[2] for row in rows] and self.trail(before.sha256):
            raise ReviewError(
                f"{before.name}: has decisions, and this version of tenderlens cuts it into other "
                "sentences; export them and begin a new store"
            )

    def _replace_sentences(self, key: str, rows: Sequence[tuple]) -> None:
        run = self._connection.execute
        run("DELETE FROM sentences WHERE document = ? AND number >= ?", (key, len(rows)))
        self._connection.executemany(
            f"INSERT INTO sentences VALUES ({','.join('?' * 17)}) "
            "ON CONFLICT (document, number) DO UPDATE SET "
            + ",".join(f"{name} = excluded.{name}" for name in _SENTENCE_COLUMNS),
            rows,
        )

    def documents(self) -> tuple[StoredDocument, ...]:
        """In the order they were added."""
        rows = self._all("SELECT * FROM documents ORDER BY added, rowid")
        return tuple(map(schema.document_of, rows))

    def document(self, key: str) -> StoredDocument:
        """One document by its SHA-256.

        Raises:
            ReviewError: the store has no such document.
        """
        found = self._document(key)
        if found is None:
            raise ReviewError(f"no document {key[:12]} in {self.path}")
        return found

    def _document(self, key: str) -> StoredDocument | None:
        rows = self._all("SELECT * FROM documents WHERE sha256 = ?", (key,))
        return schema.document_of(rows[0]) if rows else None

    def sentences(self, document: str) -> tuple[StoredSentence, ...]:
        """All sentences of a document in reading order, with the machine's answers only."""
        rows = self._all("SELECT * FROM sentences WHERE document = ? ORDER BY number", (document,))
        return tuple(map(schema.sentence_of, rows))

    def decide(
        self,
        targets: Sequence[Target],
        reviewer: str,
        label: Label,
        *,
        adjudicate: bool = False,
    ) -> tuple[Decision, ...]:
        """Record what a reviewer says of a sentence; of several at once it is a bulk decision.

        Where the machine says the same, the entry is an acceptance, else a correction.

        Args:
            adjudicate: settle it for all reviewers, whatever they said.

        Raises:
            ReviewError: no such sentence, no name, or categories that contradict the orientation.
        """
        checked, name, now = checked_label(label), checked_name(reviewer), time.time()
        entries = [
            Decision(0, document, sentence, name, _act(adjudicate), checked, 0, 0, now)
            for document, sentence in dict.fromkeys(targets)
        ]
        with self._transaction():
            return self._append(entries)

    def import_decisions(self, given: Iterable[Decision]) -> int:
        """Add decisions made elsewhere, all or none; returns how many were new.

        ``number``, ``undone`` and ``bulk`` are given anew: one import is one bulk decision of
        each reviewer. What a reviewer's entry in force says already is left out.

        Raises:
            ReviewError: see :meth:`decide`; also for UNDO entries.
        """
        with self._transaction():
            fresh: dict[str, list[Decision]] = {}
            known: dict[str, dict[int, Standing]] = {}
            for entry in given:
                if entry.label is None:
                    raise ReviewError("only labels can be imported, not what was taken back")
                if entry.document not in known:
                    known[entry.document] = self.standings(entry.document)
                name, label = checked_name(entry.reviewer), checked_label(entry.label)
                standing = known[entry.document].get(entry.sentence, Standing({}))
                settling = entry.act is Act.ADJUDICATE
                before = standing.adjudication if settling else standing.opinions.get(name)
                if before is not None and before.label is not None and same(before.label, label):
                    continue
                at = entry.at if entry.at > 0 else time.time()
                fresh.setdefault(name, []).append(
                    Decision(
                        0, entry.document, entry.sentence, name, _act(settling), label, 0, 0, at
                    )
                )
            return sum(len(self._append(entries)) for entries in fresh.values())

    def undo(self, number: int, reviewer: str) -> tuple[Decision, ...]:
        """Take back an entry of one's own, with all of its bulk; of an UNDO this is a redo.

        Returns:
            The entries added, one for each that was in force.

        Raises:
            ReviewError: no such entry, another's, or taken back already.
        """
        name = checked_name(reviewer)
        with self._transaction():
            own = self.entries_of(name)
            entry = next((entry for entry in own if entry.number == number), None)
            if entry is None:
                raise ReviewError(f"entry {number} is not one of {name}'s")
            valid = trail.in_force(own)
            bulk = [e for e in own if e is entry or (entry.bulk and e.bulk == entry.bulk)]
            taken = [e for e in bulk if e.number in valid]
            if not taken:
                raise ReviewError(f"entry {number} was taken back already")
            now = time.time()
            return self._append(
                [
                    Decision(0, e.document, e.sentence, name, Act.UNDO, None, e.number, 0, now)
                    for e in taken
                ]
            )

    def entries_of(self, reviewer: str) -> tuple[Decision, ...]:
        """All entries of one reviewer over all documents."""
        rows = self._all("SELECT * FROM decisions WHERE reviewer = ? ORDER BY number", (reviewer,))
        return tuple(map(schema.decision_of, rows))

    def trail(self, document: str) -> tuple[Decision, ...]:
        """All entries on a document, oldest first, also those taken back."""
        rows = self._all("SELECT * FROM decisions WHERE document = ? ORDER BY number", (document,))
        return tuple(map(schema.decision_of, rows))

    def standings(self, document: str) -> dict[int, Standing]:
        """By sentence what the people say of it now; sentences nobody spoke of are not in it."""
        return trail.standings(self.trail(document))

    def agreement(self, document: str | None = None) -> tuple[Agreement, ...]:
        """Every two reviewers on the sentences both labelled, of one document or of all."""
        keys = [document] if document else [d.sha256 for d in self.documents()]
        return agreements(s for key in keys for s in self.standings(key).values())

    def reviewed(self) -> Iterator[Reviewed]:
        """Every sentence with one human label: adjudicated, or said by all who spoke.

        The machine's label is that of the time when the people last spoke.
        """
        for document in self.documents():
            standings = self.standings(document.sha256)
            at_the_time = self._machine_labels(document.sha256)
            sentences = self.sentences(document.sha256)
            for index, standing in standings.items():
                human = standing.human
                if human is None:
                    continue
                spoken = [*standing.opinions.values()]
                last = standing.adjudication or max(spoken, key=lambda entry: entry.number)
                machine, version = at_the_time[last.number]
                sentence = sentences[index]
                yield Reviewed(
                    text=sentence.text,
                    section=" / ".join(sentence.section),
                    previous=sentence.previous,
                    document=document.sha256,
                    name=document.name,
                    sentence=index,
                    machine=machine,
                    model_version=version,
                    human=human,
                    reviewers=tuple(dict.fromkeys(standing.reviewers)),
                )

    def _machine_labels(self, document: str) -> dict[int, tuple[Label, str]]:
        """By number of a decision what the machine said then, and its version."""
        rows = self._all(
            "SELECT number, machine_orientation, machine_categories, model_version "
            "FROM decisions WHERE document = ?",
            (document,),
        )
        return {
            number: (Label(Orientation(orientation), tuple(categories.split())), version)
            for number, orientation, categories, version in rows
        }

    def sign_off(self, document: str, reviewer: str, human: OrientationScore) -> SignOff:
        """Sign a document with the score its human labels give, beside the machine's.

        Raises:
            ReviewError: no such document, or reviewers differ and nobody has adjudicated.
        """
        name = checked_name(reviewer)
        with self._transaction() as run:
            stored = self.document(document)
            standings = self.standings(document).values()
            if disputed := sum(standing.is_disputed for standing in standings):
                raise ReviewError(
                    f"{disputed} 句各人意见不一，请先裁定 reviewers differ, adjudicate first"
                )
            last = max((entry.number for entry in self.trail(document)), default=0)
            reviewed = sum(standing.human is not None for standing in standings)
            scores = schema.score_text(stored.score), schema.score_text(human)
            row = (document, name, time.time(), last, reviewed, *scores, stored.model_version)
            run(f"INSERT INTO sign_offs VALUES (NULL, {','.join('?' * len(row))})", row)
            return self.sign_offs(document)[-1]

    def sign_offs(self, document: str) -> tuple[SignOff, ...]:
        """Oldest first; one is out of date where the trail has gone on since."""
        rows = self._all("SELECT * FROM sign_offs WHERE document = ? ORDER BY number", (document,))
        return tuple(map(schema.sign_off_of, rows))

    def _append(self, entries: Sequence[Decision]) -> tuple[Decision, ...]:
        """Add entries within a transaction; several become one bulk."""
        first = self._next_number()
        bulk = first if len(entries) > 1 else 0
        added: list[Decision] = []
        for number, entry in enumerate(entries, first):
            machine, version = self._machine(entry.document, entry.sentence)
            act, label = entry.act, entry.label
            if label is not None and act is not Act.ADJUDICATE:
                act = Act.ACCEPT if same(label, machine) else Act.CORRECT
            entry = replace(entry, number=number, act=act, bulk=bulk)
            row = schema.decision_row(entry, machine, version)
            marks = ",".join("?" * len(row))
            self._connection.execute(f"INSERT INTO decisions VALUES ({marks})", row)
            added.append(entry)
        return tuple(added)

    def _next_number(self) -> int:
        """Numbers go on upwards even where a trail was shortened by force."""
        rows = self._all("SELECT seq FROM sqlite_sequence WHERE name = 'decisions'")
        return (rows[0][0] if rows else 0) + 1

    def _machine(self, document: str, sentence: int) -> tuple[Label, str]:
        rows = 0 <= sentence < _MOST_SENTENCES and self._all(
            "SELECT s.orientation, s.categories, d.model_version "
            "FROM sentences s JOIN documents d ON d.sha256 = s.document "
            "WHERE s.document = ? AND s.number = ?",
            (document, sentence),
        )
        if not rows:
            raise ReviewError(f"no sentence {sentence} in document {document[:12]}")
        orientation, categories, version = rows[0]
        return Label(Orientation(orientation), tuple(categories.split())), version

    def _all(self, statement: str, values: Sequence = ()) -> list[tuple]:
        with self._lock:
            return self._connection.execute(statement, values).fetchall()

    @contextmanager
    def _transaction(self):
        """All or nothing, alone among threads and programs; yields a way to run statements."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection.execute
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")


# More than any document has, and a number that SQLite takes.
_MOST_SENTENCES = 1 << 31
_SENTENCE_COLUMNS = (
    *("text", "section", "previous", "kind", "block", "page", "boxes", "cell", "orientation"),
    *("categories", "probabilities", "doubtful", "counted", "influence", "alarms"),
)


def _act(adjudicate: bool) -> Act:
    return Act.ADJUDICATE if adjudicate else Act.CORRECT
