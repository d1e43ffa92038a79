"""What an ONNX file refers to, read from its protobuf fields before any engine sees it.

A model of the user's own comes from somewhere. An engine that opens its graph would follow
paths in it to other files and load whatever operators a library registered; this says no
first. Field numbers are those of ``onnx.proto``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from classifier.errors import ModelError
from classifier.limits import MIB

MAX_BYTES = 1024 * MIB
OPERATORS = frozenset({"", "ai.onnx", "com.microsoft"})

# Which fields of a message hold which messages.
_PARTS: dict[str, dict[int, str]] = {
    "model": {7: "graph", 8: "opset", 20: "training", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
_DOMAIN_OF_NODE, _EXTERNAL_DATA, _DATA_LOCATION = 7, 13, 14
_DEEPEST = 12

Value = memoryview | int


def check_graph(file: Path) -> None:
    """Refuse what is not one self-contained ONNX graph of standard operators.

    Raises:
        ModelError: the file is missing, too large, damaged or cut off, keeps weights in other
            files, brings functions of its own, or uses operators of other makers.
    """
    try:
        if file.stat().st_size > MAX_BYTES:
            raise ModelError(f"{file}: larger than {MAX_BYTES // MIB} MiB")
        data = file.read_bytes()
    except OSError as error:
        raise ModelError(f"{file}: cannot be read ({error.strerror})") from error
    try:
        graphs = sum(_check(memoryview(data), "model", file))
    except (IndexError, ValueError) as error:
        raise ModelError(f"{file}: damaged or cut off, not an ONNX graph") from error
    if not graphs:
        raise ModelError(f"{file}: damaged or cut off, not an ONNX graph")


def _check(message: memoryview, kind: str, file: Path, depth: int = 0) -> Iterator[int]:
    """Look through a message; yields 1 for each graph in it."""
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    for number, value in _fields(message):
        if kind == "node" and number == _DOMAIN_OF_NODE and isinstance(value, memoryview):
            domain = bytes(value).decode()
            if domain not in OPERATORS:
                raise ModelError(f"{file}: uses operators of {domain!r}, which are not known here")
        if kind == "tensor" and (number == _EXTERNAL_DATA or (number == _DATA_LOCATION and value)):
            raise ModelError(f"{file}: keeps weights in another file; export it in one file")
        part = _PARTS.get(kind, {}).get(number)
        if part in ("function", "training"):
            raise ModelError(f"{file}: brings a {part} of its own; only a plain graph is taken")
        if part == "graph":
            yield 1
        if part and isinstance(value, memoryview):
            yield from _check(value, part, file, depth + 1)


def _fields(message: memoryview) -> Iterator[tuple[int, Value]]:
    """Field numbers and values of a protobuf message: bytes, or whole numbers."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _varint(message, at)
            yield number, value
            continue
        if wire == 2:
            size, at = _varint(message, at)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise ValueError(f"wire type {wire}")
        if at + size > len(message):
            raise ValueError("cut off")
        yield number, message[at : at + size]
        at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
        if shift > 63:
            raise ValueError("number too long")
