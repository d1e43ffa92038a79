"""Recognition of pictures of pages by RapidOCR with the PP-OCR models of its wheel.

Needs the extra ``ocr``. Works offline: the models are named by their files, so nothing is
ever looked for elsewhere. One engine per process; not for use from several threads.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from classifier.document import Box
from classifier.extract.layout.recognition import IDENTITY, Recognition
from classifier.extract.ocr.line_places import ReadLine, glyphs_of
from classifier.extract.ocr.models import model_paths
from classifier.extract.ocr.scan import (
    Image,
    find_rulings,
    ink_box,
    is_sideways,
    skew,
    turned,
    upright_boxes,
)

if TYPE_CHECKING:
    from rapidocr import RapidOCR

_THREADS: Final = 2
_DETECTION_DPI: Final = 115
_DETECTION_PIXELS: Final = 4_000_000
_DETECTION_SIDE: Final = 736
"""Pixels to which the shorter side of a small picture is enlarged; RapidOCR's own default."""
_MOST_ENLARGED: Final = 2.0
_DETECTION_LEAST: Final = 32
"""Pixels that the network needs on each side, and around the text of a strip."""
_MIN_CONFIDENCE: Final = 0.5
"""Lines below are mostly pictures, stamps and stains; RapidOCR's own default."""
_TALL: Final = 1.5
"""Height in widths from which RapidOCR takes a box for text that runs downwards."""
_MIXED_PAIR: Final = re.compile(r"\(([^()（）]*)）|（([^()（）]*)\)")
"""Brackets of which only one was seen in its full width."""
_LEAST_PIXELS: Final = 5
_VOTES: Final = 9


@lru_cache(maxsize=1)
def engine() -> RapidOCR:
    """The engine of this process, made when first needed."""
    import rapidocr

    cv2.setNumThreads(_THREADS)
    made = rapidocr.RapidOCR(
        params={
            **{f"{step}.model_path": path for step, path in (model_paths() or {}).items()},
            "EngineConfig.onnxruntime.intra_op_num_threads": _THREADS,
            "Global.log_level": "critical",
            # Pictures are brought to size here; RapidOCR would also shrink what it recognises,
            # and enlarge and pad a strip of one line without bound.
            "Global.use_preprocess_img": False,
            "Global.use_vertical_padding": False,
            "Det.limit_side_len": _DETECTION_LEAST,
        }
    )
    made.return_word_box = True
    return made


def read_image(image: Image, dpi: float) -> Recognition:
    """Text of one page from its picture (blue green red); turned and skewed pages are levelled."""
    placement = IDENTITY
    quads = _detect(image, dpi)
    if is_sideways(quads):
        image, placement = turned(image, -math.pi / 2)
        quads = _detect(image, dpi)
    level = IDENTITY
    if angle := skew(quads):
        image, level = turned(image, -angle)
        placement = placement.then(level)
    boxes = _cut(upright_boxes(quads, level), image)
    if _is_upside_down([_crop(image, box) for box in boxes]):
        high, wide = image.shape[:2]
        image, turn = turned(image, math.pi)
        placement = placement.then(turn)
        boxes = np.array([wide, high, wide, high], np.int32) - boxes[:, [2, 3, 0, 1]]
    scale = 72 / dpi
    return Recognition(
        glyphs_of(_read_lines(image, boxes, scale)),
        tuple(find_rulings(image, scale)),
        (image.shape[1] * scale, image.shape[0] * scale),
        placement.inverse().scaled(scale),
    )


def _detect(image: Image, dpi: float) -> NDArray[np.float32]:
    """Corners of the lines of text, n × 4 × 2, in pixels of the picture."""
    high, wide = image.shape[:2]
    enlarged = min(_DETECTION_SIDE / min(high, wide), _MOST_ENLARGED)
    room = math.sqrt(_DETECTION_PIXELS / (high * wide))
    factor = min(max(min(1.0, _DETECTION_DPI / dpi), enlarged), room)
    size = tuple(max(round(side * factor), _DETECTION_LEAST) for side in (wide, high))
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    sized = cv2.resize(image, size, interpolation=how)
    margin = _DETECTION_LEAST if size[1] < _DETECTION_SIDE else 0
    padded = np.pad(sized, ((margin, margin), (0, 0), (0, 0)), constant_values=255)
    found: Any = engine()(padded, use_det=True, use_cls=False, use_rec=False)
    if found.boxes is None or not len(found.boxes):
        return np.zeros((0, 4, 2), np.float32)
    shares = np.array([wide / size[0], high / size[1]])
    return ((np.asarray(found.boxes) - (0, margin)) * shares).astype(np.float32)


def _cut(boxes: NDArray[np.float32], image: Image) -> NDArray[np.int32]:
    """Boxes in whole pixels within the picture; those too small to hold a character are left."""
    high, wide = image.shape[:2]
    inner = np.column_stack(
        (
            np.clip(np.floor(boxes[:, :2]), 0, (wide, high)),
            np.clip(np.ceil(boxes[:, 2:]), 0, (wide, high)),
        )
    ).astype(np.int32)
    sides = inner[:, 2:] - inner[:, :2]
    return inner[(sides >= _LEAST_PIXELS).all(axis=1)]


def _crop(image: Image, box: NDArray[np.int32]) -> Image:
    x0, top, x1, bottom = box.tolist()
    return image[top:bottom, x0:x1]


def _is_upside_down(crops: list[Image]) -> bool:
    """By the vote of the longest lines."""
    longest = sorted(crops, key=lambda crop: -crop.shape[1])[:_VOTES]
    if not longest:
        return False
    _, found = engine().cls_and_rotate(longest)
    sure = [label for label, score in found.cls_res or () if score > 0.8]
    return 2 * sum("180" in label for label in sure) > len(sure)


@dataclass(frozen=True, slots=True)
class _Guess:
    """One way to read a box: the line as printed, or what runs downwards laid flat."""

    box: int
    crop: Image
    flat: bool = False


def _guesses(image: Image, boxes: NDArray[np.int32]) -> list[_Guess]:
    guesses = []
    for at, box in enumerate(boxes):
        crop = _crop(image, box)
        high, wide = crop.shape[:2]
        if high < 3 * wide:
            guesses.append(_Guess(at, crop))
        if high >= _TALL * wide:
            turn = np.ascontiguousarray(np.rot90(crop))
            guesses.append(_Guess(at, turn, flat=True))
            pieces = np.array_split(crop, round(high / wide))
            least = min(len(piece) for piece in pieces)
            row = np.hstack([piece[:least] for piece in pieces])
            guesses.append(_Guess(at, row, flat=True))
    return guesses


def _read_lines(image: Image, boxes: NDArray[np.int32], scale: float) -> list[ReadLine]:
    guesses = _guesses(image, boxes)
    if not guesses:
        return []
    found = engine().recognize_txt([guess.crop for guess in guesses])
    best: dict[int, tuple[float, ReadLine]] = {}
    results = zip(found.txts or (), found.scores or (), found.word_results or (), strict=True)
    for guess, (text, score, columns) in zip(guesses, results, strict=True):
        if score < max(_MIN_CONFIDENCE, best[guess.box][0] if guess.box in best else 0.0):
            continue
        if line := _line(guess, boxes[guess.box], text, columns, scale):
            best[guess.box] = score, line
    return [line for _, line in best.values()]


def _line(
    guess: _Guess, box: NDArray[np.int32], text: str, columns: Any, scale: float
) -> ReadLine | None:
    """Place the characters of a line; what runs downwards stands flat in the middle of its box."""
    kept = _MIXED_PAIR.sub(r"（\1\2）", text.strip())
    if not kept:
        return None
    x0, top, x1, bottom = map(float, box)
    start = len(text) - len(text.lstrip())
    confidences = columns.confs[start : start + len(kept)]
    if guess.flat:
        size = (x1 - x0) / len(kept)
        middle = (top + bottom) / 2
        ink = Box(x0, middle - size / 2, x1, middle + size / 2)
        centres = [x0 + (at + 0.5) * size for at in range(len(kept))]
    else:
        left, upper, right, lower = ink_box(guess.crop) or (0, 0, x1 - x0, bottom - top)
        ink = Box(x0 + left, top + upper, x0 + right, top + lower)
        centres = [x0 + share * (x1 - x0) for share in _centres(kept, columns)]
    places = [round(centre * scale, 2) for centre in centres]
    scaled = Box(ink.x0 * scale, ink.top * scale, ink.x1 * scale, ink.bottom * scale)
    return ReadLine(kept, places, confidences, scaled)


def _centres(text: str, columns: Any) -> list[float]:
    """Middle of every character as a share of the line's width: where the network saw it.

    RapidOCR names columns for all characters but blanks, which stand between their neighbours.
    """
    seen = [column for word in columns.word_cols for column in word]
    shares = [(column + 0.5) / columns.line_txt_len for column in seen]
    if len(shares) != sum(not char.isspace() for char in text):
        return [(at + 0.5) / len(text) for at in range(len(text))]
    inked = [at for at, char in enumerate(text) if not char.isspace()]
    return np.interp(range(len(text)), inked, shares).tolist()
