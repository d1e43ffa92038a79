"""Hostile texts in a real browser: pages show them, and nothing runs, loads, leads away or is made of them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from payloads import ALL
from playwright.sync_api import Browser, Page, sync_playwright
from review_desk import CONTENTS, served
from test_injection import HELP, SENTENCE, archive, blocks, classifier, report

from classifier import Classifier
from classifier.comparison.compare import compare
from classifier.document import Block, Document
from classifier.report.html import render
from classifier.report.report import Report
from classifier.review.desk import Desk
from classifier.review.model import Label
from classifier.review.signed import signed_report
from classifier.taxonomy import Orientation

__all__ = ["archive", "classifier", "report"]

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium: install it, or set CHROMIUM to its path"
)
KINDS = """() => {
  const kinds = new Set();
  for (const e of document.querySelectorAll('*')) {
    kinds.add(e.localName);
    for (const a of e.attributes) kinds.add('@' + a.name);
    for (const name of ['href', 'src', 'action', 'formaction']) {
      const address = e.getAttribute(name);
      if (address && /^\\s*(javascript|vbscript|data:text|https?:|file:|\\/\\/)/i.test(address))
        kinds.add(name + '=' + address);
    }
  }
  return [...kinds];
}"""

# Not links: they lead to other reports.
CLICKS = """() => {
  for (const e of [...document.querySelectorAll('[id^=s]:not(a), summary')].slice(0, 60)) e.click();
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Watched:
    """A page with all it did: its own address and those below ``home`` alone may be asked for."""

    def __init__(self, browser: Browser, home: str) -> None:
        self.home = home
        self.context = browser.new_context(viewport={"width": 1300, "height": 900})
        self.context.add_init_script("window.alert = window.confirm = () => { window.__x = 1 }")
        self.page: Page = self.context.new_page()
        self.did: list[str] = []
        self.page.on("dialog", lambda dialog: self.did.append(f"dialog {dialog.message}"))
        self.page.on("console", lambda message: self.did.append(f"console {message.text}"))
        self.page.on("pageerror", lambda error: self.did.append(f"error {error}"))
        self.page.on("popup", lambda page: self.did.append(f"popup {page.url}"))
        self.page.on("request", self._asked)

    def _asked(self, request) -> None:
        if not request.url.startswith((self.home, "data:image/", "about:blank")):
            self.did.append(f"request {request.url}")

    def kinds(self) -> set[str]:
        return set(self.page.evaluate(KINDS))

    def is_harmless(self) -> None:
        self.page.wait_for_timeout(200)
        assert self.did == []
        assert self.page.evaluate("window.__x") is None
        assert self.page.url.startswith(self.home)


def plain(report: Report) -> Report:
    """Nothing hostile in it, else alike: what elements a page of ours is made of."""
    found = {"name": "甲.docx", "sha256": "5f" * 32, "member": "外/甲.docx"}
    made = []
    for block in blocks():
        text = HELP if block.cell else SENTENCE
        made.append(Block(text, block.kind, block.level, page=1, cell=block.cell))
    rest = {"asides": report.document.asides[:1], "notes": ("说明",)}
    document = Document.from_blocks(found.pop("name"), "docx", made, **found, **rest)
    return Classifier.load("lexical").analyze(document)


@pytest.mark.parametrize("kind", ["report", "comparison"])
def test_a_page_is_made_of_our_elements_alone(
    kind: str, browser: Browser, report: Report, tmp_path: Path
) -> None:
    made = {"hostile": report, "plain": plain(report)}
    kinds = {}
    for name, one in made.items():
        file = tmp_path / f"{name}.html"
        if kind == "report":
            file.write_text(render(one), encoding="utf-8")
        else:
            compare(made["plain"], one).to_html(file)
        watched = Watched(browser, file.as_uri())
        watched.page.goto(file.as_uri())
        watched.page.evaluate(CLICKS)
        watched.is_harmless()
        kinds[name] = watched.kinds()
        watched.context.close()
    made_of_text = {k for k in kinds["hostile"] - kinds["plain"] if k.startswith("@on") or "=" in k}
    assert not made_of_text
    odd = {"img", "iframe", "object", "embed", "base", "math", "video", "portal", "foreignobject"}
    assert not kinds["hostile"] & odd - kinds["plain"]


def test_the_overview_shows_names_and_nothing_else(browser: Browser, archive) -> None:
    page = archive.store / "overview.html"
    watched = Watched(browser, page.as_uri())
    watched.page.goto(page.as_uri())
    watched.is_harmless()
    kinds = watched.kinds()
    assert not {k for k in kinds if k.startswith("@on") or "=" in k}
    assert not kinds & {"img", "iframe", "object", "embed", "base", "math", "video", "portal"}
    watched.context.close()
    for file in sorted(archive.store.rglob("*.report.html"))[:3]:
        watched = Watched(browser, file.as_uri())
        watched.page.goto(file.as_uri())
        watched.is_harmless()
        assert not {k for k in watched.kinds() if k.startswith("@on") or "=" in k}
        watched.context.close()


def test_the_review_page_and_the_signed_report(
    browser: Browser, classifier: Classifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "考勤.txt"
    lines = (f"{' '.join(text.split())}{n}{SENTENCE}" for n, text in enumerate(ALL[::3]))
    content = "\n".join("".join(c for c in line if c.isprintable()) for line in lines).encode()
    monkeypatch.setitem(CONTENTS, name, content)
    person = "<img src=x onerror=window.__x=1>"
    with served(tmp_path, classifier, {name: classifier.analyze(content, name)}) as desk:
        key = desk.key(name)
        label = Label(Orientation.CONTROL, ("C1",))
        for index in range(3):
            desk.store.decide([(key, index)], person, label)
        own = Desk(desk.store, lambda: classifier)
        own.sign_off(key, person)
        file = tmp_path / "signed.html"
        file.write_text(render(signed_report(own, key)), encoding="utf-8")
        home = desk.link.rsplit("/", 1)[0]
        watched = Watched(browser, home)
        watched.page.goto(desk.link)
        base = watched.page.evaluate("document.body.dataset.base")
        for view in ("", "?s=1", "trail", "agreement", "sign-off"):
            watched.page.goto(f"{home}{base}/d/{key}/{view}")
            watched.page.wait_for_timeout(300)
            watched.is_harmless()
            assert not {k for k in watched.kinds() if k.startswith("@on")}
            assert watched.page.locator("img[src=x], svg[onload], base, iframe").count() == 0
        watched.context.close()
    watched = Watched(browser, file.as_uri())
    watched.page.goto(file.as_uri())
    watched.is_harmless()
    assert person in watched.page.inner_text("body")
    watched.context.close()
