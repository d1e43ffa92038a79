"""What the model sees of a sentence: the sentence, and its section with the sentence before."""

from __future__ import annotations

from collections.abc import Sequence

# In tokens; longer ones are cut at the end. 99 % of requirement sentences are shorter.
MAX_TEXT_TOKENS = 128
MAX_CONTEXT_TOKENS = 48
MAX_SECTION_CHARS = 40
MAX_PREVIOUS_CHARS = 60

Context = Sequence[str | Sequence[str]]


def context_text(section: str | Sequence[str] = "", previous: str = "") -> str:
    """The second segment of the model's input.

    Args:
        section: heading above the sentence, or the path of headings, outermost
            first, of which the innermost is used.
        previous: the sentence before, of which the end nearest to the sentence is used.
    """
    if not isinstance(section, str):
        section = section[-1] if section else ""
    section, previous = section.strip(), previous.strip()
    if not section and not previous:
        return ""
    return f"{section[:MAX_SECTION_CHARS]} | {previous[-MAX_PREVIOUS_CHARS:]}"


def from_tuple(context: Context | None) -> str:
    """:func:`context_text` of ``(section, previous)``; missing parts are empty."""
    section, previous, *_ = (*(context or ()), "", "")
    if not isinstance(previous, str):
        raise TypeError("a context is (section, previous): the second part must be a string")
    return context_text(section, previous)
