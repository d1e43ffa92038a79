"""Where the PP-OCR models lie that come with the wheel of RapidOCR."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

_MODELS: Final = {
    "Det": "PP-OCRv6_det_small.onnx",
    "Cls": "ch_ppocr_mobile_v2.0_cls_mobile.onnx",
    "Rec": "PP-OCRv6_rec_small.onnx",
}
_PACKAGES: Final = ("onnxruntime", "cv2", "PIL")


@lru_cache(maxsize=1)
def model_paths() -> dict[str, str] | None:
    """Path by RapidOCR's name of the step; None where the extra ``ocr`` is not installed."""
    package = find_spec("rapidocr")
    if package is None or not package.submodule_search_locations:
        return None
    folder = Path(package.submodule_search_locations[0]) / "models"
    paths = {step: folder / name for step, name in _MODELS.items()}
    if not all(path.is_file() for path in paths.values()):
        return None
    return {step: str(path) for step, path in paths.items()} if _all_there() else None


def _all_there() -> bool:
    return all(find_spec(name) for name in _PACKAGES)
