"""The HTML report of a signed document: the people's labels in the place of the machine's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import numpy as np

from classifier import findings, orientation
from classifier.calibration import Calibration
from classifier.errors import ReviewError
from classifier.report.model import LabelledSentence
from classifier.report.page import signed as with_sign
from classifier.report.report import Report
from classifier.review.desk import Desk
from classifier.review.model import Label, SignOff
from classifier.review.score import certain_row

_SECTION_REPLICATES = 200


def signed_report(desk: Desk, key: str) -> Report:
    """The report of a document as it was signed, read anew from its original.

    Raises:
        ReviewError: it is not signed, was changed since, or its original is gone or changed.
        ExtractionError: the original cannot be read any more.
    """
    document = desk.store.document(key)
    sign_offs, entries = desk.store.sign_offs(key), desk.store.trail(key)
    if not sign_offs or entries[-1].number > sign_offs[-1].last:
        raise ReviewError("请先签字 sign off first")
    if desk.is_other_model(key):
        raise ReviewError("模型已更换，请用原件重新打开 scored by another model")
    content = desk.originals.content(document)
    report = desk.classifier.analyze(content, document.name)
    if [s.text for s in report.sentences] != [s.text for s in desk.sentences(key)]:
        raise ReviewError("原件这次读出的句子与审阅时不同 the original reads otherwise now")
    made = corrected(report, desk.human_labels(key), desk.classifier.model.calibration)
    notes = (_note(sign_offs[-1]), *report.document.notes)
    return replace(made, document=replace(report.document, member=document.member, notes=notes))


def corrected(report: Report, said: Mapping[int, Label], calibration: Calibration) -> Report:
    """The report that follows when the people's labels, by index, are certain.

    Score, sections and findings are made anew; where the people spoke, the model's doubts and
    reasons go.
    """
    sentences = [_corrected(labelled, said.get(i)) for i, labelled in enumerate(report.sentences)]
    probabilities = np.array([s.probabilities for s in sentences])
    known = np.array([i in said for i in range(len(sentences))], bool)
    paths = [s.sentence.section for s in sentences]
    outermost = [path[0] if path else "" for path in paths]
    counted = np.array([s.counted for s in sentences], bool)

    def score(mask: np.ndarray, replicates: int) -> orientation.OrientationScore:
        chosen = np.flatnonzero(mask & counted).tolist()
        return orientation.score(
            probabilities[chosen],
            [paths[i] for i in chosen],
            calibration,
            parts=[outermost[i] for i in chosen],
            replicates=replicates,
            certain=known[chosen],
        )

    total = score(counted, orientation.REPLICATES)
    influence = orientation.influence(probabilities, total) * counted
    return replace(
        report,
        orientation=total,
        sentences=tuple(
            replace(s, influence=float(moved))
            for s, moved in zip(sentences, influence, strict=True)
        ),
        sections=tuple(
            replace(
                section,
                orientation=score(
                    np.array([title == section.title for title in outermost]), _SECTION_REPLICATES
                ),
            )
            for section in report.sections
        ),
        findings=findings.find(
            [s.text for s in sentences], [s.categories for s in sentences], probabilities, paths
        ),
    )


def _corrected(labelled: LabelledSentence, label: Label | None) -> LabelledSentence:
    if label is None:
        return labelled
    return replace(
        labelled,
        orientation=label.orientation,
        categories=label.categories,
        probabilities=tuple(map(float, certain_row(label))),
        review=False,
        rationale=None,
    )


def _note(signed: SignOff) -> str:
    day = datetime.fromtimestamp(signed.at).astimezone().strftime("%Y-%m-%d %H:%M")
    before, after = with_sign(signed.machine.score), with_sign(signed.human.score)
    return (
        f"本报告经人工审阅，{signed.reviewer} 于 {day} 签字：{signed.reviewed} 句以人的判断为准，"
        f"其余由模型判断；得分由模型的 {before} 变为 {after}。"
    )
