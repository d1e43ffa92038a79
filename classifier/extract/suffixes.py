"""File name extensions of the formats that can be read."""

from __future__ import annotations

from typing import Final

MARKDOWN_SUFFIXES: Final = (".md", ".markdown", ".mdown", ".mkd")

FORMATS: Final = {
    ".pdf": "pdf",
    ".docx": "docx",
    ".docm": "docx",
    ".dotx": "docx",
    ".dotm": "docx",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".xht": "html",
    ".txt": "text",
    ".text": "text",
    **dict.fromkeys(MARKDOWN_SUFFIXES, "text"),
}
"""Format by extension, in lower case and with the dot."""
