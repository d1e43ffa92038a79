"""A gzip file that unpacks to itself: after Russ Cox, "Zip Files All The Way Down" (2010).

Its deflate stream is a program of two commands, each five bytes long: a stored block ("print what
follows") and a block of fixed codes ("print the last bytes again"). The file's checksum stands
inside what it sums up; as CRC-32 is affine over GF(2), that is 32 linear equations.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final

_UNIT: Final = 5
_CRC_BITS: Final = 32
# Ten bytes of header and a name of five, so that it is repeated like four commands.
_PREFIX: Final = b"\x1f\x8b\x08\x08\0\0\0\0\x02\xff" + b"q.gz\0"


def gzip_quine() -> bytes:
    """The file; ``gzip.decompress(gzip_quine()) == gzip_quine()``."""
    constant = _sum(0)
    columns = [_sum(1 << bit) ^ constant ^ (1 << bit) for bit in range(_CRC_BITS)]
    return _file(_solved(columns, constant))


def _sum(crc: int) -> int:
    return zlib.crc32(_file(crc))


def _file(crc: int) -> bytes:
    """The file with this checksum written in it."""
    l0, l1, l4, r4 = _stored(0), _stored(_UNIT), _stored(4 * _UNIT), _repeat(4 * _UNIT)
    size = 0
    for _ in range(2):  # the second time the length is known
        suffix = struct.pack("<II", crc, size)
        last = _repeat(_UNIT + len(suffix), final=True)
        end = last + suffix
        head = l4 + _PREFIX + l4 + r4 + l1 + r4 + l1 + l1 + l4 + r4 + l1 + l1 + l4 + r4
        middle = l4 + r4 + l4 + r4 + l4 + r4
        close = r4 + l0 + l0 + _stored(len(end))
        data = _PREFIX + head + middle + l4 + close + close + end + end
        size = len(data)
    return data


def _stored(length: int) -> bytes:
    return struct.pack("<BHH", 0, length, length ^ 0xFFFF)


def _repeat(length: int, final: bool = False) -> bytes:
    """Five bytes that print the last ``length`` ones (13 or 20) again, in two copies."""
    first, second = (10, 10) if length == 4 * _UNIT else (10, 3)
    # Fixed codes (RFC 1951): lengths 3 and 10 without extra bits; distance 20 is code 8, 13 code 7.
    distance = _code(8, 5) + "110" if length == 4 * _UNIT else _code(7, 5) + "00"
    bits = ("1" if final else "0") + "10"
    for copied in (first, second):
        bits += _code(copied - 2, 7) + distance
    bits = (bits + _code(0, 7)).ljust(8 * _UNIT, "0")
    return bytes(int(bits[at : at + 8][::-1], 2) for at in range(0, len(bits), 8))


def _code(value: int, width: int) -> str:
    """A Huffman code, whose most significant bit comes first."""
    return f"{value:0{width}b}"


def _solved(columns: list[int], constant: int) -> int:
    """The x for which the exclusive sum of the columns at its bits is ``constant``."""
    rows = [
        (
            sum(((column >> bit) & 1) << at for at, column in enumerate(columns)),
            (constant >> bit) & 1,
        )
        for bit in range(_CRC_BITS)
    ]
    for bit in range(_CRC_BITS):
        pivot = next(at for at in range(bit, _CRC_BITS) if rows[at][0] >> bit & 1)
        rows[bit], rows[pivot] = rows[pivot], rows[bit]
        for at in range(_CRC_BITS):
            if at != bit and rows[at][0] >> bit & 1:
                rows[at] = (rows[at][0] ^ rows[bit][0], rows[at][1] ^ rows[bit][1])
    return sum(value << bit for bit, (_, value) in enumerate(rows))
