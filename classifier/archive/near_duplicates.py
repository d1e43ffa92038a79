"""What near-duplicate documents are told by: a MinHash signature of the text.

Broder (1997): two signatures agree in a place with a probability that is the Jaccard
similarity of the two sets of shingles.
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np

PERMUTATIONS: Final = 128
SHINGLE: Final = 5
"""Characters of a shingle; white space, which differs by format, is left out first."""
SEED: Final = 1

_SPACE: Final = re.compile(r"\s+")
_BASE: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX: Final = np.uint64(0xBF58476D1CE4E5B9)
_CHUNK: Final = 4096


def signature(text: str) -> tuple[int, ...]:
    """:data:`PERMUTATIONS` numbers of 32 bits; nothing for a text without any character.

    The same text gives the same signature on every machine. To estimate a similarity make
    ``datasketch.MinHash(num_perm=PERMUTATIONS, seed=SEED, hashvalues=signature)``.
    """
    # On use: it brings half of SciPy, which a single document does not need.
    from datasketch import MinHash

    hashes = _shingles(_SPACE.sub("", text))
    if not len(hashes):
        return ()
    made = MinHash(num_perm=PERMUTATIONS, seed=SEED, hashfunc=int)
    # In pieces: each shingle takes a row of all permutations.
    for at in range(0, len(hashes), _CHUNK):
        made.update_batch(hashes[at : at + _CHUNK].tolist())
    return tuple(int(value) for value in made.hashvalues)


def _shingles(text: str) -> np.ndarray:
    """Distinct 32-bit hashes of all shingles; of a shorter text the one of it all."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    if not len(codes):
        return codes
    width = min(SHINGLE, len(codes))
    number = len(codes) - width + 1
    rolled = np.zeros(number, np.uint64)
    for offset in range(width):
        rolled = rolled * _BASE + codes[offset : offset + number]
    # The finaliser of splitmix64: neighbouring code points must not give neighbouring hashes.
    rolled ^= rolled >> np.uint64(30)
    rolled *= _MIX
    rolled ^= rolled >> np.uint64(27)
    return np.unique(rolled >> np.uint64(32))
