"""Rows of an archive, made by rule: what became of documents that nobody has to read."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from classifier.archive.rows import Alarm, DocumentRow, Score
from classifier.errors import Reason
from classifier.findings import Kind, rules
from classifier.orientation import Verdict
from classifier.taxonomy import CATEGORIES

ALARMS = rules(Kind.ALARM)
FORMULAS = (
    '=HYPERLINK("http://x.invalid","点我")',
    "+86 10 0000",
    "-1+1",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =1+1",
    "说明\n=1+1",
    "说明\r\n  @SUM(A1)",
    "说明;=1+1",
    "＝1＋1",
)
HOSTILE = "</script><script>window.pwned=1</script><img src=x onerror=window.pwned=1>&\"'"


def score(balance: float, verdict: Verdict, **changed: Any) -> Score:
    made = Score(
        balance=balance,
        low=max(balance - 0.2, -1.0),
        high=min(balance + 0.2, 1.0),
        salience=0.25,
        verdict=verdict,
        assistive=10 * (1 + balance),
        control=10 * (1 - balance),
        counted=80,
        profile=dict.fromkeys(CATEGORIES, 0) | {"A1": 3, "C1": 4},
    )
    return replace(made, **changed)


def row(path: str = "2024/甲.pdf", **changed: Any) -> DocumentRow:
    made = DocumentRow(
        path=path,
        member="",
        content="ab" * 32,
        format="pdf",
        reason=Reason.OK,
        detail="",
        title="临江市政务服务平台建设项目",
        pages=12,
        sentences=100,
        seconds=0.5,
        score=score(-0.6, Verdict.CONTROL),
        alarms=(Alarm(ALARMS[0].id, ALARMS[0].zh, 3, "上班须刷脸打卡。", 4, 17),),
        missing=("privacy", "feedback"),
        report="reports/00001-甲.report.html",
        signature=(),
    )
    return replace(made, **changed)


def failed(path: str, reason: Reason = Reason.DAMAGED) -> DocumentRow:
    return DocumentRow(
        path, "", "", "", reason, "cut short", "", 0, 0, 0.1, None, (), (), "", ()
    )  # fmt: skip


def many(number: int, seed: int = 1) -> list[DocumentRow]:
    """Rows of all sorts: every verdict, some failures, members, several folders and years."""
    chance = random.Random(seed)
    reasons = [reason for reason in Reason if not reason.is_readable]
    return [
        failed(f"档案{i % 3}/坏{i:05d}.pdf", chance.choice(reasons))
        if i % 10 == 9
        else _scored(i, chance)
        for i in range(number)
    ]


def _scored(i: int, chance: random.Random) -> DocumentRow:
    balance = chance.uniform(-1, 1)
    verdict = Verdict.UNDECIDED if i % 4 == 1 else _verdict(balance)
    shown = sorted(chance.sample(range(len(ALARMS)), i % 5))
    alarms = tuple(
        Alarm(ALARMS[k].id, ALARMS[k].zh, chance.randint(1, 9), f"第{i}份的第{k}条。", k, k)
        for k in shown
    )
    profile = {code: chance.randint(0, 9) for code in CATEGORIES}
    return row(
        f"档案{i % 3}/{2020 + i % 5}年/文件{i:05d}.{'zip' if i % 7 == 0 else 'docx'}",
        member="附件/采购需求.docx" if i % 7 == 0 else "",
        title=f"云溪市第{i}中学校园平台建设项目",
        pages=i % 40,
        sentences=10 + i,
        score=score(balance, verdict, salience=chance.random(), profile=profile),
        alarms=alarms,
        report=f"reports/{i:05d}.report.html",
    )


def _verdict(balance: float) -> Verdict:
    bounds = (
        (-0.5, Verdict.CONTROL),
        (-0.15, Verdict.RATHER_CONTROL),
        (0.15, Verdict.BALANCED),
        (0.5, Verdict.RATHER_ASSISTIVE),
    )
    return next((verdict for bound, verdict in bounds if balance < bound), Verdict.ASSISTIVE)


def signature(seed: int) -> np.ndarray:
    """As of a text that shares nothing with those of other seeds."""
    return np.random.default_rng(seed).integers(2**32 - 1, size=128, dtype=np.uint64)


def variant(signature: np.ndarray, changed: Sequence[int], seed: int) -> np.ndarray:
    """The same but for some places."""
    made = signature.copy()
    made[list(changed)] = np.random.default_rng(seed).integers(2**32 - 1, size=len(changed))
    return made
