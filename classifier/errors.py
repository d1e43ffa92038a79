"""Reason codes and errors. Every input ends in exactly one reason code."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    OK = "ok"
    OK_PARTIAL = "ok_partial"
    EMPTY = "empty"
    ENCRYPTED = "encrypted"
    UNSUPPORTED = "unsupported"
    DAMAGED = "damaged"
    TOO_LARGE = "too_large"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out_of_memory"
    CRASHED = "crashed"
    NOT_CHINESE = "not_chinese"
    NEEDS_OCR = "needs_ocr"

    @property
    def is_readable(self) -> bool:
        """Whether a document with this code carries text that can be scored."""
        return self in (Reason.OK, Reason.OK_PARTIAL)

    @property
    def next_step(self) -> str:
        """One sentence, Chinese then English, on what the user can do now."""
        return _NEXT_STEPS[self]


_NEXT_STEPS = {
    Reason.OK: "已完整读取。 Read completely.",
    Reason.OK_PARTIAL: "部分内容未能读取，请核对报告开头的说明。 "
    "Some parts could not be read: see the notes at the head of the report.",
    Reason.EMPTY: "文件中没有可读文字；若为扫描件，请先做文字识别（OCR）。 "
    "No readable text: if this is a scan, run OCR on it first.",
    Reason.ENCRYPTED: "文件有密码，请用密码打开后另存一份再扫描。 "
    "The file needs a password: save a copy without one and scan that.",
    Reason.UNSUPPORTED: "暂不支持该格式，请另存为 PDF、DOCX、HTML 或 TXT。 "
    "Format not supported: save it as PDF, DOCX, HTML or TXT.",
    Reason.DAMAGED: "文件已损坏、不完整或打不开，请重新下载、重新导出或检查权限。 "
    "The file is damaged, cut short or cannot be opened: download or export it again, "
    "or check its permissions.",
    Reason.TOO_LARGE: "文件超过限制，请拆分，或放宽该限制（如 --max-size、--max-members）。 "
    "Over a limit: split it, or raise that limit (such as --max-size, --max-members).",
    Reason.TIMEOUT: "解析超时，请用 --timeout 放宽限制，或另存一份再试。 "
    "Reading took too long: raise --timeout, or save the file anew and retry.",
    Reason.OUT_OF_MEMORY: "解析超出内存限制，请用 --memory 放宽限制，或拆分文件。 "
    "Reading ran out of memory: raise --memory or split the file.",
    Reason.CRASHED: "解析程序异常退出，请另存一份再试，并把文件报告给我们。 "
    "The parser crashed: save the file anew and retry, and report the file to us.",
    Reason.NOT_CHINESE: "文件主要不是中文，本工具只评估中文需求文档。 "
    "The text is not Chinese; only Chinese documents can be scored.",
    Reason.NEEDS_OCR: "文字只在图片中，需要文字识别（OCR）：请安装 pip install 'tenderlens[ocr]'，"
    "且不要使用 --ocr off。 The text is in pictures only: install pip install 'tenderlens[ocr]' "
    "and do not use --ocr off.",
}


class TenderlensError(Exception):
    """Base of all errors raised on purpose by this package."""


class ExtractionError(TenderlensError):
    """A file could not be read.

    Attributes:
        reason: the code the file ends in.
        detail: what was found, for the log; may be empty.
    """

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason.value}: {detail}" if detail else reason.value)
        self.reason = reason
        self.detail = detail

    def __reduce__(self):
        # Crosses the process boundary of the sandbox, so both arguments must survive pickling.
        return type(self), (self.reason, self.detail)


class MarkingFault(StrEnum):
    """Why a file got no marked copy."""

    FORMAT = "format_not_marked"
    OTHER_FILE = "not_the_original"
    IN_CONTAINER = "in_container"
    NOT_EDITABLE = "not_editable"
    REDACTED = "redacted"

    @property
    def next_step(self) -> str:
        """One sentence, Chinese then English, on what the user can do now."""
        return _MARKING_STEPS[self]


_MARKING_STEPS = {
    MarkingFault.FORMAT: "批注副本只支持 PDF 和 DOCX：请将原件另存为其中一种，再评估并标注。 "
    "Marked copies are made of PDF and DOCX only: save the original as one of them first.",
    MarkingFault.OTHER_FILE: "所给文件与评估时的原件内容不同：请给出原件，或重新评估这一份。 "
    "This is not the file that was scored: give the original, or score this one.",
    MarkingFault.IN_CONTAINER: "原件在压缩包或邮件里：请先解压，再对其中的文件标注。 "
    "The original is in an archive or mail: unpack it and mark the file itself.",
    MarkingFault.NOT_EDITABLE: "原件的内部结构有错误或较特殊，无法写入批注：请用 Word、WPS "
    "或 PDF 阅读器打开后另存（打印）为 DOCX 或 PDF 再试。 The structure of the original does not "
    "take comments: open it, save or print it as DOCX or PDF, and mark that.",
    MarkingFault.REDACTED: "批注副本保留原件全部内容，无法遮盖个人信息：请用未遮盖的评估结果标注，"
    "副本不要外传。 A marked copy keeps all of the original, personal data too: make it from the "
    "report that is not redacted, and do not pass it on.",
}


class MarkingError(TenderlensError):
    """No marked copy can be made.

    Attributes:
        fault: the code.
        detail: what was found; may be empty.
    """

    def __init__(self, fault: MarkingFault, detail: str = "") -> None:
        super().__init__(f"{fault.value}: {detail}" if detail else fault.value)
        self.fault = fault
        self.detail = detail


class ModelError(TenderlensError):
    """A model folder is missing, incomplete or inconsistent; the message names the file."""


class ReviewError(TenderlensError):
    """A review store cannot be opened, or does not take a decision; the message says why."""
