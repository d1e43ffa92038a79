"""The HTML report of a signed document: the people's labels in the place of the machine's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import numpy as np

from classifier.errors import ReviewError
from classifier.model import Predictions
from classifier.report.page import signed as with_sign
from classifier.report.report import Report
from classifier.review.desk import Desk
from classifier.review.model import Label, SignOff
from classifier.review.score import certain_row
from classifier.scoring import Answering, report_on
from classifier.taxonomy import LABELS


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
    made = corrected(report, desk.human_labels(key), Answering.of(desk.classifier.model))
    notes = (_note(sign_offs[-1]), *report.document.notes)
    return replace(made, document=replace(report.document, member=document.member, notes=notes))


def corrected(report: Report, said: Mapping[int, Label], answering: Answering) -> Report:
    """The report that follows when the people's labels, by index, are certain.

    Score, sections and findings are made anew; where the people spoke, the model's doubts and
    reasons go.
    """
    sentences = report.sentences
    rows = [
        certain_row(said[i]) if i in said else np.array(s.probabilities)
        for i, s in enumerate(sentences)
    ]
    answers = Predictions(
        np.array(rows).reshape(len(rows), len(LABELS)),
        tuple(said[i].orientation if i in said else s.orientation for i, s in enumerate(sentences)),
        tuple(said[i].categories if i in said else s.categories for i, s in enumerate(sentences)),
        tuple(i not in said and s.review for i, s in enumerate(sentences)),
    )
    return report_on(
        report.document,
        [s.sentence for s in sentences],
        answers,
        answering,
        {i: s.rationale for i, s in enumerate(sentences) if s.rationale and i not in said},
        certain=np.array([i in said for i in range(len(rows))], bool),
    )


def _note(signed: SignOff) -> str:
    day = datetime.fromtimestamp(signed.at).astimezone().strftime("%Y-%m-%d %H:%M")
    before, after = with_sign(signed.machine.score), with_sign(signed.human.score)
    return (
        f"本报告经人工审阅，{signed.reviewer} 于 {day} 签字：{signed.reviewed} 句以人的判断为准，"
        f"其余由模型判断；得分由模型的 {before} 变为 {after}。"
    )
