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
    ".doc": "doc",
    ".dot": "doc",
    ".wps": "doc",
    ".wpt": "doc",
    ".rtf": "rtf",
    **dict.fromkeys((".xlsx", ".xlsm", ".xltx", ".xltm"), "xlsx"),
    **dict.fromkeys((".xls", ".xlt", ".et", ".ett"), "xls"),
    ".ods": "ods",
    **dict.fromkeys((".csv", ".tsv"), "csv"),
    **dict.fromkeys((".pptx", ".pptm", ".ppsx", ".ppsm", ".potx", ".potm"), "pptx"),
    ".ofd": "ofd",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".xht": "html",
    ".mht": "mhtml",
    ".mhtml": "mhtml",
    ".txt": "text",
    ".text": "text",
    **dict.fromkeys(MARKDOWN_SUFFIXES, "text"),
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"), "image"),
}
"""Format by extension, in lower case and with the dot."""

CONTAINER_SUFFIXES: Final = (
    ".zip",
    ".rar",
    ".7z",
    ".tar",
    ".tgz",
    ".tbz",
    ".tbz2",
    ".txz",
    ".tzst",
    ".gz",
    ".bz2",
    ".xz",
    ".zst",
    ".eml",
)
"""Extensions of archives and mails, whose members are read one by one."""
