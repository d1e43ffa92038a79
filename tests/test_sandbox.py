"""Reading in a child process: limits hold, and every file ends in a reason code."""

from __future__ import annotations

import pickle

import pytest

from classifier.document import Document
from classifier.errors import ExtractionError, Reason
from classifier.extract import sandbox
from classifier.limits import Limits

TEXT = "系统应支持用户在线查询办理进度。已有信息自动带入，无需重复填写。"


def reason_of(data: bytes, name: str, limits: Limits | None = None) -> Reason:
    with pytest.raises(ExtractionError) as caught:
        sandbox.read(data, name, limits or Limits())
    return caught.value.reason


def test_a_document_survives_the_way_back() -> None:
    document = sandbox.read(TEXT.encode(), "需求.txt", Limits())
    assert document.text == TEXT
    assert document.name == "需求.txt"


def test_empty_file() -> None:
    assert reason_of(b"", "empty.pdf") is Reason.EMPTY


def test_truncated_pdf() -> None:
    assert reason_of(b"%PDF-1.7\n1 0 obj\n<< /Type /Cat", "cut.pdf") is Reason.DAMAGED


def test_english_text() -> None:
    text = (
        b"The supplier shall deliver the goods within thirty days of the signing of the contract."
    )
    assert reason_of(text, "english.txt") is Reason.NOT_CHINESE


def test_too_many_bytes() -> None:
    assert reason_of(b"x" * 1001, "long.txt", Limits(bytes=1000)) is Reason.TOO_LARGE


def test_too_many_characters() -> None:
    data = (TEXT * 50).encode()
    assert reason_of(data, "long.txt", Limits(chars=500)) is Reason.TOO_LARGE


def test_time_limit() -> None:
    assert reason_of(TEXT.encode(), "slow.txt", Limits(seconds=0.01)) is Reason.TIMEOUT


def test_memory_limit() -> None:
    data = (TEXT + "\n").encode() * 40_000
    assert reason_of(data, "big.txt", Limits(memory=120 << 20)) is Reason.OUT_OF_MEMORY


def test_a_module_in_the_current_folder_is_not_run(tmp_path, monkeypatch) -> None:
    (tmp_path / "pickle.py").write_text("raise SystemExit('ran a stranger\\'s module')")
    (tmp_path / "classifier").mkdir()
    (tmp_path / "classifier" / "__init__.py").write_text("raise SystemExit('ran a stranger')")
    monkeypatch.chdir(tmp_path)
    assert sandbox.read(TEXT.encode(), "a.txt", Limits()).text == TEXT


# Protocol 4 resolves dotted names: from a class of the document model to eval.
_NAMES = (b"classifier.document", b"field.__globals__.__class__.__getitem__")
DOTTED = b"\x80\x04" + b"".join(b"\x8c" + bytes([len(n)]) + n for n in _NAMES) + b"\x93."


@pytest.mark.parametrize("hostile", [pickle.dumps(print), DOTTED, b"printed by a library", b""])
def test_only_the_document_model_is_unpickled(hostile: bytes) -> None:
    answer = sandbox._unpickle(hostile)
    assert isinstance(answer, ExtractionError)
    assert answer.reason is Reason.CRASHED


def test_documents_and_errors_are_unpickled() -> None:
    document = Document.from_blocks("a", "text", [])
    assert sandbox._unpickle(pickle.dumps(document)) == document
    error = sandbox._unpickle(pickle.dumps(ExtractionError(Reason.EMPTY, "nothing")))
    assert isinstance(error, ExtractionError)
    assert (error.reason, error.detail) == (Reason.EMPTY, "nothing")
