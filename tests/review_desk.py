"""A review page that really serves, over documents made by the tests."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pdf_pages import draw, put
from reportlab.pdfgen.canvas import Canvas

from classifier.analyzer import Classifier
from classifier.report.report import Report
from classifier.review.desk import Desk
from classifier.review.server import listen
from classifier.review.shelf import Shelf
from classifier.review.store import ReviewStore

PAGES = (
    (
        "第一章 督查要求",
        "领导可随时抽查工作人员的在岗视频，抽查不在岗的一次扣两分。",
        "各部门须逐日上传工作台账。",
    ),
    (
        "第二章 服务要求",
        "系统应提供操作手册和现场培训，并支持大字版。",
        "平台应记录全部操作日志供审计使用。",
    ),
)

TEXT = """第一章 功能需求

1.1 考勤

员工每日上下班须通过人脸识别打卡。
实习员工每日上下班须通过人脸识别打卡。
员工每天上下班须通过人脸识别打卡。
迟到三次的，系统自动扣减当月绩效分。
系统应采用B/S架构，支持国产数据库。

1.2 服务

系统自动带入已有信息，员工无需重复填写。
员工可在线提出申诉，五个工作日内答复。
员工每日上下班须通过人脸识别打卡。
"""


@dataclass(frozen=True)
class Served:
    """A page that serves, with its store and its secret link."""

    store: ReviewStore
    link: str

    @property
    def port(self) -> int:
        port = urlsplit(self.link).port
        assert port is not None
        return port

    def key(self, name: str) -> str:
        return next(d.sha256 for d in self.store.documents() if d.name == name)

    def index(self, name: str, text: str) -> int:
        """The first sentence of a document that begins so."""
        found = self.store.sentences(self.key(name))
        return next(s.index for s in found if s.text.startswith(text))


def _draw(canvas: Canvas, lines: tuple[str, ...]) -> None:
    for number, line in enumerate(lines):
        put(canvas, 90 + 40 * number, line, size=14 if number == 0 else 12)


CONTENTS = {
    "考勤.txt": TEXT.encode(),
    "督查.pdf": draw(*(partial(_draw, lines=lines) for lines in PAGES)),
}


def reports(classifier: Classifier) -> dict[str, Report]:
    """A text and a PDF of ours, scored."""
    return {name: classifier.analyze(content, name) for name, content in CONTENTS.items()}


@contextmanager
def served(
    folder: Path, classifier: Classifier, scored: dict[str, Report], shelf: Shelf | None = None
) -> Iterator[Served]:
    """A store with the documents, and the page over it until the end."""
    with ReviewStore.open(folder / "desk.review.sqlite") as store:
        for name, report in scored.items():
            (folder / name).write_bytes(CONTENTS[name])
            store.add(report, folder / name)
        serving = listen(Desk(store, lambda: classifier), shelf or Shelf(), "王芳")
        thread = threading.Thread(target=serving.run)
        thread.start()
        try:
            yield Served(store, serving.link)
        finally:
            serving.stop()
            thread.join(20)
            assert not thread.is_alive()


@dataclass
class Client:
    """A browser reduced to what the wire shows: no headers but those that are asked for."""

    port: int
    cookie: str = ""
    prefix: str = ""

    @classmethod
    def enter(cls, served: Served) -> Client:
        client = cls(served.port)
        status, headers, _ = client.ask("GET", urlsplit(served.link).path)
        assert status == 303
        client.cookie = headers["set-cookie"].partition(";")[0]
        client.prefix = headers["location"].rstrip("/")
        return client

    @property
    def own(self) -> dict[str, str]:
        return {"Host": f"127.0.0.1:{self.port}", "Cookie": self.cookie}

    @property
    def posting(self) -> dict[str, str]:
        origin = f"http://127.0.0.1:{self.port}"
        return {**self.own, "Origin": origin, "Content-Type": "application/json"}

    def ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers by lower-case name, and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        sent = self.own if headers is None else headers
        if body:
            sent = {"Content-Length": str(len(body)), **sent}
        for name, value in sent.items():
            connection.putheader(name, value)
        connection.endheaders(body or None)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, content

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
        status, _, content = self.ask("GET", self.prefix + path, headers)
        return status, content.decode("utf-8", "replace")

    def post(self, path: str, content: Any, headers: dict[str, str] | None = None):
        """Status and the JSON that comes back, or its text."""
        sent = self.posting if headers is None else headers
        status, _, answer = self.ask("POST", self.prefix + path, sent, json.dumps(content).encode())
        try:
            return status, json.loads(answer)
        except ValueError:
            return status, answer.decode()
