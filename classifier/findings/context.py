"""What may be expected of a document, and which of its sentences are only about bidding."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

from classifier.findings.rules import DocumentKind, source

# A notice of a page or two says nothing by its silence.
LEAST_SENTENCES: Final = 50
_LEAST_FUNCTIONS: Final = 8
_LEAST_SHARE: Final = 0.03


def document_kind(
    texts: Sequence[str], sections: Sequence[Sequence[str]] | None = None
) -> DocumentKind:
    """A tender or a specification of an information system, by the share of their sentences.

    ``OTHER`` is too little text to tell anything by what it does not say: it is short, or
    hardly a sentence states what a system does. How to bid by an electronic platform is none.
    """
    if len(texts) < LEAST_SENTENCES:
        return DocumentKind.OTHER
    bidding = about_bidding(sections or [()] * len(texts))
    shows = {name: _compiled("document_words", name) for name in source()["document_words"]}
    functions = [
        i
        for i, text in enumerate(texts)
        if i not in bidding and shows["system"].search(text) and not shows["bidding"].search(text)
    ]
    if len(functions) < max(_LEAST_FUNCTIONS, _LEAST_SHARE * len(texts)):
        return DocumentKind.OTHER
    tender = sum(bool(shows["tender"].search(text)) for text in texts)
    is_tender = tender >= _LEAST_SHARE * len(texts)
    return DocumentKind.TENDER if is_tender else DocumentKind.SPECIFICATION


def about_bidding(sections: Sequence[Sequence[str]]) -> frozenset[int]:
    """Sentences under headings on how to bid, unless a deeper one is the contract or the needs."""
    return frozenset(i for i, section in enumerate(sections) if _on_bidding(tuple(section)))


@cache
def _on_bidding(section: tuple[str, ...]) -> bool:
    bidding, project = (_compiled("headings", name) for name in ("bidding", "project"))
    for heading in reversed(section):
        if bidding.search(heading):
            return True
        if project.search(heading):
            return False
    return False


@cache
def _compiled(group: str, name: str) -> re.Pattern[str]:
    return re.compile(source()[group][name])
