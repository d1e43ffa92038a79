"""What every page of ours has in common: templates, our own style and script, and a policy.

Text of a document reaches a page only through Jinja's autoescape or inside a JSON data block;
a content security policy allows the page's own style and script by their hashes and nothing
else.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from classifier.report import passages
from classifier.report.reading import is_doubtful
from classifier.taxonomy import Orientation

SHORT = {Orientation.ASSISTIVE: "a", Orientation.CONTROL: "c", Orientation.MIXED: "m"}


_PACKAGE: Final = "classifier.report"


def environment(package: str = _PACKAGE) -> Environment:
    """The templates of a package with autoescape, and the filters that all pages use."""
    environment = Environment(
        loader=PackageLoader(package, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}
    environment.filters.update(
        signed=signed,
        percent=lambda share: f"{100 * share:.1f} %",
        position=lambda score: round(50 * (score + 1), 2),
        where=passages.where,
    )
    environment.tests["doubtful"] = is_doubtful
    environment.globals["short"] = SHORT
    return environment


def asset(*names: str, package: str = _PACKAGE) -> Markup:
    """Files of ours from a package, the only text that enters a page unescaped."""
    folder = files(package).joinpath("templates")
    return Markup("\n").join(
        Markup(folder.joinpath(name).read_text(encoding="utf-8")) for name in names
    )


def script(names: Iterable[str], package: str = _PACKAGE) -> Markup:
    """The script's parts in one scope that nothing outside can see."""
    parts = asset(*names, package=package)
    return Markup('(() => {\n"use strict";\n') + parts + Markup("})();\n")


def policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def signed(value: float, digits: int = 2) -> str:
    """With its sign and a true minus; what rounds to nought has none."""
    text = f"{value:+.{digits}f}"
    return text[1:] if not float(text) else text.replace("-", "−")


def as_text(page: str) -> str:
    """The page as it can be written: file names from archives may hold bytes that are no text."""
    return page.encode("utf-8", "replace").decode("utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
