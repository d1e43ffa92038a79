"""The corridor: a file in, a report out.

path → extract → Document → segment → sentences → model → predictions →
orientation and findings → Report. Whoever has read this file has understood
the product.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from classifier import findings, orientation
from classifier.context import Context
from classifier.document import Document, Sentence
from classifier.errors import ExtractionError, Reason
from classifier.extract import sandbox
from classifier.limits import Limits
from classifier.model import DEFAULT, Model, Predictions
from classifier.report.model import LabelledSentence, Section
from classifier.report.report import Report
from classifier.segment import segment

# A document may have hundreds of sections; their intervals are only drawn, not judged.
SECTION_REPLICATES = 200

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
    ) -> Classifier:
        """Open a model: ``standard`` (shipped default), ``lexical``, or a model folder.

        Raises:
            ModelError: there is no such model, or its folder is incomplete or changed.
        """
        return cls(Model.load(name_or_path, threads), limits)

    def predict(
        self, texts: Sequence[str], contexts: Sequence[Context | None] | None = None
    ) -> Predictions:
        """Classify sentences; ``contexts`` holds ``(section, previous sentence)`` for each.

        Raises:
            ValueError: the two lists differ in length.
        """
        return self.model.predict(texts, contexts)

    def analyze(self, source: Source, name: str = "") -> Report:
        """Read and score one document.

        Args:
            source: a path, the bytes of a file, or a document already read.
            name: shown in the report; needed only for bytes.

        Raises:
            ExtractionError: the file ends in a reason code that has no report.
            OSError: the path cannot be opened.
        """
        return self._report(source if isinstance(source, Document) else self.read(source, name))

    def read(self, source: str | Path | bytes, name: str = "") -> Document:
        """Extract the text of one file in a limited child process.

        Raises:
            ExtractionError: the file cannot be read; its ``reason`` says why.
            OSError: the path cannot be opened.
        """
        if not isinstance(source, bytes):
            path = Path(source)
            # A name that is no valid UTF-8 (from a GBK archive, say) must not spoil any output.
            name = name or os.fsencode(path.name).decode("utf-8", "replace")
            self.limits.check_bytes(path.stat().st_size)
            source = path.read_bytes()
        return sandbox.read(source, name or "unnamed", self.limits)

    def analyze_many(
        self, sources: Iterable[str | Path], workers: int = 2
    ) -> Iterator[tuple[Path, Report | ExtractionError]]:
        """Score many files; each path comes back once, in order, with its report or its error.

        Files are read ahead in ``workers`` child processes while the model works.
        """
        paths = [Path(source) for source in sources]
        with ThreadPoolExecutor(max_workers=workers) as pool:
            pending = [pool.submit(self._try_read, path) for path in paths[: 2 * workers]]
            for i, path in enumerate(paths):
                document = pending.pop(0).result()
                if i + 2 * workers < len(paths):
                    pending.append(pool.submit(self._try_read, paths[i + 2 * workers]))
                yield (
                    path,
                    document if isinstance(document, ExtractionError) else self._report(document),
                )

    def _try_read(self, path: Path) -> Document | ExtractionError:
        try:
            return self.read(path)
        except ExtractionError as error:
            return error
        except OSError as error:
            return ExtractionError(Reason.DAMAGED, f"cannot be opened: {error.strerror}")

    def _report(self, document: Document) -> Report:
        sentences = segment(document)
        texts = [sentence.text for sentence in sentences]
        predictions = self.predict(texts, _contexts(sentences))
        counted = orientation.distinct(texts)
        clusters = [sentence.section for sentence in sentences]
        total = self._score(predictions, clusters, counted)
        influence = orientation.influence(predictions.probabilities, total) * counted
        return Report(
            document=document,
            model=self.model.name,
            model_version=self.model.version,
            orientation=total,
            sentences=tuple(
                LabelledSentence(
                    sentence=sentence,
                    orientation=predictions.orientations[i],
                    categories=predictions.categories[i],
                    probabilities=tuple(float(p) for p in predictions.probabilities[i]),
                    review=predictions.review[i],
                    counted=bool(counted[i]),
                    influence=float(influence[i]),
                )
                for i, sentence in enumerate(sentences)
            ),
            sections=tuple(self._sections(predictions, clusters, counted)),
            findings=findings.find(texts, predictions.categories, predictions.probabilities),
        )

    def _score(
        self,
        predictions: Predictions,
        clusters: Sequence[tuple[str, ...]],
        mask: np.ndarray,
        replicates: int = orientation.REPLICATES,
    ) -> orientation.OrientationScore:
        chosen = np.flatnonzero(mask).tolist()
        return orientation.score(
            predictions.probabilities[chosen],
            [clusters[i] for i in chosen],
            self.model.calibration,
            parts=[_outermost(clusters[i]) for i in chosen],
            replicates=replicates,
        )

    def _sections(
        self, predictions: Predictions, clusters: Sequence[tuple[str, ...]], counted: np.ndarray
    ) -> Iterator[Section]:
        """Scores of the outermost sections, in document order."""
        members: dict[str, list[int]] = defaultdict(list)
        for i, path in enumerate(clusters):
            members[_outermost(path)].append(i)
        for title, indices in members.items():
            mask = np.zeros(len(clusters), bool)
            mask[indices] = True
            own = self._score(predictions, clusters, mask & counted, SECTION_REPLICATES)
            yield Section(title, indices[0], len(indices), own)


def _outermost(path: Sequence[str]) -> str:
    return path[0] if path else ""


def _contexts(sentences: Sequence[Sentence]) -> list[Context]:
    """Each sentence's section path and the sentence before it."""
    before = ["", *(sentence.text for sentence in sentences[:-1])]
    return [(sentence.section, text) for sentence, text in zip(sentences, before, strict=False)]
