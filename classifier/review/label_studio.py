"""Label Studio: tasks with predictions and annotations, and its JSON exports read back.

Formats: https://labelstud.io/guide/task_format and https://labelstud.io/guide/predictions.
Annotations are written without ``completed_by``: Label Studio refuses names it does not know
(its pull request 1184). Who said it stands in a text field instead, which annotators who share
an account may fill in as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from xml.sax.saxutils import quoteattr

from classifier.errors import ReviewError
from classifier.review import exchange
from classifier.review.exchange import Imported, Problem, Task, TextOf
from classifier.review.model import Decision, Label, same
from classifier.taxonomy import CATEGORIES, Orientation

ORIENTATION, CATEGORY, REVIEWER, TEXT = "orientation", "categories", "reviewer", "text"
UNKNOWN = "label-studio"


def labelling_config() -> str:
    """The labelling interface for these tasks, to be pasted into the project's settings."""
    orientations = (exchange.orientation_name(o) for o in Orientation)
    codes = map(exchange.category_name, CATEGORIES)
    choice = lambda value: f"    <Choice value={quoteattr(value)}/>"  # noqa: E731
    return "\n".join(
        [
            "<View>",
            '  <Header value="$name"/>',
            '  <Text name="section" value="$section"/>',
            '  <Text name="previous" value="$previous"/>',
            f'  <Text name="{TEXT}" value="${TEXT}"/>',
            f'  <Choices name="{ORIENTATION}" toName="{TEXT}" choice="single" required="true"'
            ' showInline="true">',
            *map(choice, orientations),
            "  </Choices>",
            f'  <Choices name="{CATEGORY}" toName="{TEXT}" choice="multiple">',
            *map(choice, codes),
            "  </Choices>",
            f'  <TextArea name="{REVIEWER}" toName="{TEXT}" maxSubmissions="1" rows="1"'
            ' placeholder="审阅人（共用账号时填写） reviewer, if you share an account"/>',
            "</View>",
            "",
        ]
    )


def write(tasks: Iterable[Task]) -> Iterator[str]:
    """The pieces of a JSON file for *Import*: one task a line."""
    mark = "["
    for task in tasks:
        yield f"{mark}\n{json.dumps(_exported(task), ensure_ascii=False)}"
        mark = ","
    yield "[]\n" if mark == "[" else "\n]\n"


def _exported(task: Task) -> dict[str, Any]:
    prediction = {
        "model_version": task.model_version,
        "score": round(1 - task.uncertainty, 4),
        "result": _result(task.machine),
    }
    return {
        "data": {TEXT: task.text, **exchange.metadata(task)},
        "predictions": [prediction],
        "annotations": [
            {"result": [*_result(label), _region(REVIEWER, "textarea", "text", [name])]}
            for name, label in task.said.items()
        ],
    }


def _result(label: Label) -> list[dict[str, Any]]:
    first, *codes = exchange.names_of(label)
    found = [_region(ORIENTATION, "choices", "choices", [first])]
    return [*found, _region(CATEGORY, "choices", "choices", codes)] if codes else found


def _region(name: str, kind: str, key: str, values: list[str]) -> dict[str, Any]:
    return {"from_name": name, "to_name": TEXT, "type": kind, "value": {key: values}}


def read(data: bytes, text_of: TextOf, reviewers: Mapping[str, str]) -> Imported:
    """Read an export in the format JSON.

    Args:
        reviewers: names for annotators by their id or e-mail address; "" names those of whom
            the file says nothing.

    Raises:
        ReviewError: the file is too large, or no such export.
    """
    try:
        exported = json.loads(exchange.decoded(data))
    except (ValueError, RecursionError) as error:
        raise ReviewError(f"不是 JSON 文件 not a JSON file: {error}") from error
    if not isinstance(exported, list) or len(exported) > exchange.MAX_TASKS:
        raise ReviewError(f"不是任务列表 not a list of at most {exchange.MAX_TASKS} tasks")
    decisions: list[Decision] = []
    problems: list[Problem] = []
    unlabelled = 0
    for number, task in enumerate(exported, 1):
        place = f"任务 task {number}"
        try:
            labels = _annotations(task)
            target = exchange.target_of(task["data"], text_of)
        except ReviewError as error:
            problems.append(Problem(place, str(error)))
            continue
        found = 0
        for annotation in labels:
            try:
                if made := _decision(annotation, target, task["data"], reviewers):
                    decisions.append(made)
                    found += 1
            except ReviewError as error:
                found += 1
                problems.append(Problem(place, str(error)))
        unlabelled += not found
    return Imported(tuple(decisions), tuple(problems), unlabelled)


def _annotations(task: Any) -> list[Any]:
    if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
        raise ReviewError("没有 data：请按 JSON（不是 JSON-MIN、CSV）导出 no data: export as JSON")
    annotations = task.get("annotations", [])
    if not isinstance(annotations, list):
        raise ReviewError("annotations 不是列表 annotations are no list")
    return annotations


def _decision(
    annotation: Any,
    target: tuple[str, int],
    fields: Mapping[str, Any],
    reviewers: Mapping[str, str],
) -> Decision | None:
    """One annotation; None where it was skipped or left empty."""
    if not isinstance(annotation, dict) or not isinstance(annotation.get("result", []), list):
        raise ReviewError("标注不可读 an annotation that cannot be read")
    if annotation.get("was_cancelled"):
        return None
    choices, typed = _given(annotation.get("result", []))
    label = exchange.label_of(choices)
    if label is None:
        return None
    at = exchange.seconds(annotation.get("updated_at") or annotation.get("created_at"))
    name = _reviewer(annotation.get("completed_by"), typed, label, fields, reviewers)
    return exchange.decision(target, name, label, at)


def _given(result: list[Any]) -> tuple[list[str], str]:
    """The choices made, the orientation first, and the name typed in."""
    values: dict[str, list[str]] = {}
    for region in result:
        value = region.get("value") if isinstance(region, dict) else None
        if not isinstance(value, dict):
            raise ReviewError("标注不可读 an annotation that cannot be read")
        given = value.get("choices", value.get("text", []))
        given = [given] if isinstance(given, str) else given
        if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
            raise ReviewError("标注不可读 an annotation that cannot be read")
        values.setdefault(str(region.get("from_name")), []).extend(given)
    if strange := values.keys() - {ORIENTATION, CATEGORY, REVIEWER}:
        unknown = exchange.quoted("、".join(sorted(strange)))
        raise ReviewError(f"没有这个标注项 no such control in our configuration: {unknown}")
    choices = [*values.get(ORIENTATION, []), *values.get(CATEGORY, [])]
    return choices, " ".join(values.get(REVIEWER, [])).strip()


def _reviewer(
    completed_by: Any,
    typed: str,
    label: Label,
    fields: Mapping[str, Any],
    reviewers: Mapping[str, str],
) -> str:
    """Who said it: the name typed in, unless it came along and the label was changed."""
    said = exchange.said_of(fields)
    if typed and (typed not in said or same(said[typed], label)):
        return typed
    if isinstance(completed_by, dict):
        keys = [str(completed_by[key]) for key in ("email", "id") if completed_by.get(key)]
        known = next((reviewers[key] for key in keys if key in reviewers), None)
        return known or (keys[0] if keys else reviewers.get("", UNKNOWN))
    if completed_by is None:
        return reviewers.get("", UNKNOWN)
    return reviewers.get(str(completed_by), f"{UNKNOWN}:{completed_by}")
