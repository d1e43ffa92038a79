"""The corridor: a file in, a report out.

path → extract → Document → segment → sentences → model → predictions →
orientation and findings → Report. Whoever has read this file has understood
the product.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from classifier.context import Context
from classifier.document import Document
from classifier.errors import ExtractionError, Reason
from classifier.explain.lexical_rationales import lexical_rationales
from classifier.extract import sandbox
from classifier.extract.container.walk import Packed
from classifier.extract.processes import ForkServer
from classifier.limits import Limits
from classifier.model import DEFAULT, Model, Predictions
from classifier.report.report import Report
from classifier.scoring import Answering, contexts, report_on
from classifier.segment import segment_up_to

if TYPE_CHECKING:
    from classifier.explain.model import Explanation

# How many members of an unreadable archive its error names.
NAMED_FAILURES = 5

Source = str | Path | bytes | Document


class Classifier:
    """The public face of the package; see :meth:`load`."""

    def __init__(self, model: Model, limits: Limits | None = None) -> None:
        self.model = model
        self.limits = limits or Limits()

    @classmethod
    def load(
        cls,
        name_or_path: str | Path = DEFAULT,
        threads: int | None = None,
        limits: Limits | None = None,
        screened: bool = False,
    ) -> Classifier:
        """Open the model in use, or ``standard``, ``lexical``, an own model's name, a model folder.

        In use is ``standard``, unless the user put another in use (``tenderlens models``);
        reports and ``model.name``, ``model.version`` say which it was.

        Args:
            threads: CPU threads of the encoder; all of this process's cores by default.
            screened: let sentences that plainly bear no orientation skip the encoder.

        Raises:
            ModelError: there is no such model, its folder is incomplete or changed, or it has
                no screen.
        """
        return cls(Model.load(name_or_path, threads, screened), limits)

    def predict(
        self, texts: Sequence[str], contexts: Sequence[Context | None] | None = None
    ) -> Predictions:
        """Classify sentences; ``contexts`` holds ``(section, previous sentence)`` for each.

        Raises:
            ValueError: the two lists differ in length.
        """
        return self.model.predict(texts, contexts)

    def explain(self, text: str, context: Context | None = None) -> Explanation:
        """Why a sentence is labelled as it is; ``context`` is ``(section, previous sentence)``."""
        # On use: the examples are of no use to whoever only scores documents.
        from classifier.explain.explanation import explain

        return explain(self.model, text, context)

    def explained(
        self, report: Report, most: int = 20, said: Callable[[int, int], None] = lambda *_: None
    ) -> Report:
        """The report with full rationales for its most telling sentences, evidence of alarms first.

        The model reads each of them some hundred times: seconds a sentence. Explain before
        masking: the model must read what it has judged.

        Args:
            most: so many oriented sentences at most.
            said: called with how many are done, and of how many.
        """
        from classifier.explain.full_rationales import full_rationales, most_telling

        of = len(most_telling(report, most))
        sentences = list(report.sentences)
        for done, (i, rationale) in enumerate(full_rationales(self.model, report, most), start=1):
            sentences[i] = replace(sentences[i], rationale=rationale)
            said(done, of)
        return replace(report, sentences=tuple(sentences))

    def analyze(self, source: Source, name: str = "") -> Report:
        """Read and score one document.

        An archive or mail will do if just one document in it can be read; see
        :meth:`analyze_all` for those with more.

        Args:
            source: a path, the bytes of a file, or a document already read.
            name: shown in the report; needed only for bytes.

        Raises:
            ExtractionError: the file ends in a reason code that has no report.
            OSError: the path cannot be opened.
        """
        return self._report(source if isinstance(source, Document) else self.read(source, name))

    def analyze_all(
        self, source: str | Path | bytes, name: str = ""
    ) -> Iterator[tuple[str, Report | ExtractionError]]:
        """Score every document in an archive or mail; see :meth:`read_all`."""
        return (
            (member, result if isinstance(result, ExtractionError) else self._report(result))
            for member, result in self.read_all(source, name)
        )

    def read(self, source: str | Path | bytes, name: str = "") -> Document:
        """Extract the text of one file in a limited child process.

        Of an archive or mail it is the text of the one document in it. What
        else could not be read there is named in the document's notes.

        Raises:
            ExtractionError: the file cannot be read; its ``reason`` says why.
                An archive with several documents is ``unsupported`` here.
            OSError: the path cannot be opened.
        """
        return _only_document(self.read_all(source, name))

    def read_all(
        self, source: str | Path | bytes, name: str = ""
    ) -> Iterator[tuple[str, Document | ExtractionError]]:
        """Extract the text of every file in an archive or mail, in stored order.

        Each comes with its path inside, ``/`` between nested containers. That
        path is empty for a file that is no container, which comes alone, and
        for what is wrong with a container as a whole.

        Raises:
            ExtractionError: the file is too large to be opened.
            OSError: the path cannot be opened.
        """
        data, name = self._load(source, name)
        members = sandbox.read_members(data, name, self.limits)
        return ((member.path, member.result) for member in members)

    def _load(self, source: str | Path | bytes, name: str = "") -> tuple[bytes, str]:
        if isinstance(source, bytes):
            return source, name or "unnamed"
        path = Path(source)
        self.limits.check_bytes(path.stat().st_size)
        # A name that is no valid UTF-8 (from a GBK archive, say) must not spoil any output.
        return path.read_bytes(), name or os.fsencode(path.name).decode("utf-8", "replace")

    def analyze_many(
        self, sources: Iterable[str | Path], workers: int = 2
    ) -> Iterator[tuple[Path, str, Report | ExtractionError]]:
        """Score many files: ``(path, member, report or error)``, in order.

        A file gives one item with an empty ``member``; an archive or mail gives
        one for every file in it. Documents are read ahead in ``workers`` child
        processes while the model works.
        """
        with ForkServer() as forks, ThreadPoolExecutor(max_workers=workers) as pool:
            pending: deque[tuple[Path, str, Future[Document | ExtractionError]]] = deque()
            for path, name, packed in self._unpack_many(sources, forks):
                reading = pool.submit(sandbox.read_packed, packed, name, self.limits, forks)
                pending.append((path, packed.path, reading))
                if len(pending) > 2 * workers:
                    yield self._finished(*pending.popleft())
            while pending:
                yield self._finished(*pending.popleft())

    def _finished(
        self, path: Path, member: str, reading: Future[Document | ExtractionError]
    ) -> tuple[Path, str, Report | ExtractionError]:
        result = reading.result()
        return path, member, result if isinstance(result, ExtractionError) else self._report(result)

    def _unpack_many(
        self, sources: Iterable[str | Path], forks: ForkServer
    ) -> Iterator[tuple[Path, str, Packed]]:
        for path in map(Path, sources):
            try:
                data, name = self._load(path)
            except ExtractionError as error:
                yield path, path.name, Packed("", error)
            except OSError as error:
                closed = ExtractionError(Reason.DAMAGED, f"cannot be opened: {error.strerror}")
                yield path, path.name, Packed("", closed)
            else:
                for packed in sandbox.unpack(data, name, self.limits, forks):
                    yield path, name, packed

    def _report(self, document: Document) -> Report:
        document, sentences = segment_up_to(document, self.limits.sentences)
        texts = [sentence.text for sentence in sentences]
        around = contexts(sentences)
        predictions = self.predict(texts, around)
        rationales = lexical_rationales(self.model, texts, around, predictions)
        answering = Answering.of(self.model)
        return report_on(document, sentences, predictions, answering, rationales)


def _only_document(members: Iterable[tuple[str, Document | ExtractionError]]) -> Document:
    """The one document among the members; the others are named in its notes."""
    found: Document | None = None
    failures: list[tuple[str, ExtractionError]] = []
    for path, result in members:
        if isinstance(result, ExtractionError):
            failures.append((path, result))
        elif found is not None:
            several = f"several documents, {found.member} and {result.member} among them"
            raise ExtractionError(Reason.UNSUPPORTED, f"{several}: use scan or analyze_all()")
        else:
            found = result
    if found is None:
        raise _failure_of(failures)
    if not failures:
        return found
    notes = (f"同一文件中的 {path or '其余内容'} 未能读取：{e}" for path, e in failures)
    return replace(found, reason=Reason.OK_PARTIAL, notes=(*found.notes, *notes))


def _failure_of(failures: Sequence[tuple[str, ExtractionError]]) -> ExtractionError:
    path, first = failures[0]
    if len(failures) == 1:
        return first if not path else ExtractionError(first.reason, f"{path}: {first.detail}")
    listed = "; ".join(f"{path}: {error}" for path, error in failures[:NAMED_FAILURES])
    return ExtractionError(first.reason, f"none of {len(failures)} members can be read: {listed}")
