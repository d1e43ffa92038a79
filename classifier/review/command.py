"""The command ``review``."""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import importlib.util
import signal
import sqlite3
from pathlib import Path
from typing import Annotated

import typer

from classifier.analyzer import Classifier
from classifier.archive.errors import StoreError
from classifier.archive.rows import DocumentRow
from classifier.archive.store import Store
from classifier.console import Exit, ModelOption, err, fail, out
from classifier.errors import ExtractionError, ModelError, ReviewError
from classifier.harmless import visible
from classifier.limits import Limits
from classifier.model import DEFAULT
from classifier.review.checks import checked_name
from classifier.review.store import ReviewStore

REVIEW_SUFFIX = ".review.sqlite"
_NEEDED = ("fastapi", "uvicorn")


def review(
    inputs: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE…|STORE",
            help="要审阅的文件，或已有的审阅记录（.review.sqlite），或归档扫描的文件夹。",
        ),
    ],
    port: Annotated[int, typer.Option(min=0, max=65535, help="端口；0 为任一空闲端口。")] = 0,
    reviewer: Annotated[str, typer.Option(help="审阅人姓名；缺省为系统用户名。")] = "",
    reviews: Annotated[
        Path | None, typer.Option(help=f"审阅记录；缺省为第一个文件旁的 文件名{REVIEW_SUFFIX}。")
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="打开浏览器。")] = True,
    model: ModelOption = DEFAULT,
) -> None:
    """审阅：在本机网页上逐句核对、更正、签字。 Review findings on a local web page."""
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        fail(
            f"缺少 {'、'.join(missing)}：请安装 pip install 'tenderlens[review]' needs the extra",
            Exit.FAILED,
        )
    if lost := [str(path) for path in inputs if not path.exists()]:
        fail(f"没有这个文件 no such file: {lost[0]}", Exit.USAGE)
    try:
        name = checked_name(reviewer or _user())
        with ReviewStore.open(reviews or _beside(inputs[0])) as store:
            _serve(store, inputs, name, port, browser, model)
    except ModelError as error:
        fail(f"模型 model: {error}", Exit.MODEL)
    except (ReviewError, StoreError, OSError, sqlite3.Error) as error:
        fail(str(error), Exit.FAILED)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a process without a user's name, as in some containers
        return "reviewer"


def _beside(path: Path) -> Path:
    return path if path.name.endswith(REVIEW_SUFFIX) else path.with_name(path.name + REVIEW_SUFFIX)


def _serve(
    store: ReviewStore, inputs: list[Path], reviewer: str, port: int, browser: bool, model: str
) -> None:
    # On use: the other commands do without a web server.
    from classifier.review.desk import Desk
    from classifier.review.server import listen, show
    from classifier.review.shelf import Shelf

    files = [p for p in inputs if p.is_file() and not p.name.endswith(REVIEW_SUFFIX)]
    classifier = Classifier.load(model) if files else None
    if classifier is not None:
        _add(store, classifier, files)
    rows, roots = _archives([path for path in inputs if path.is_dir()])
    shelf = Shelf(rows, roots)
    if not store.documents() and not shelf.choices():
        fail("没有可审阅的文件 nothing to review", Exit.UNREADABLE)
    desk = Desk(store, lambda: classifier or Classifier.load(model))
    serving = listen(desk, shelf, reviewer, port)
    out.print(f"审阅台 review: {serving.link}", markup=False, soft_wrap=True, highlight=False)
    out.print(f"记录 reviews: {store.path}", markup=False, soft_wrap=True, highlight=False)
    err.print("链接只在本机有效，请勿转发；按 Ctrl-C 结束。 Press Ctrl-C to end.")
    if browser:
        show(serving.link)
    # The server ends in order on either signal and then raises it once more.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        serving.run()


def _archives(folders: list[Path]) -> tuple[list[DocumentRow], list[Path]]:
    """The documents of stores that ``scan`` made, and the folders they came from."""
    rows: list[DocumentRow] = []
    roots: list[Path] = []
    for folder in folders:
        with Store.open(folder) as archive:
            rows += archive.rows()
            roots += archive.roots()
    return rows, roots


def _add(store: ReviewStore, classifier: Classifier, files: list[Path]) -> None:
    """Score the files and put in what can be read; of the rest one line each.

    A file whose very bytes this very model has scored already is left as it is.
    """
    known = {(document.sha256, document.model_version) for document in store.documents()}
    version, limits = classifier.model.version, classifier.limits
    fresh = [path for path in files if (_hash(path, limits), version) not in known]
    with err.status("读取与评估 reading and scoring"):
        for path, member, result in classifier.analyze_many(fresh):
            name = f"{path.name}/{member}" if member else path.name
            if isinstance(result, ExtractionError):
                said = f"{visible(name)}: {result.reason.value} — {result.reason.next_step}"
                err.print(said, markup=False, soft_wrap=True)
            else:
                store.add(result, path)


def _hash(path: Path, limits: Limits) -> str:
    """SHA-256 of the file; empty where it is too large or cannot be opened, which is said later."""
    try:
        limits.check_bytes(path.stat().st_size)
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except (OSError, ExtractionError):
        return ""
