"""What computes the encoder's graph, chosen by what the machine has.

Every engine runs the one ONNX file of the model folder; none has weights of its own. They
differ in how they multiply: the file's 8-bit weights with activations in 8 bits (``int8``),
or the same weights made floating-point numbers (``float``, ``openvino``, ``cuda``).
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnxruntime as ort

from classifier.errors import ModelError

OVERRIDE = "TENDERLENS_ENGINE"
AUTO = "auto"
# Tokens a batch holds, padding included: flat optimum of 8-bit products from 256 to 2048.
BATCH_TOKENS = 1024
_LOG = logging.getLogger(__name__)

Feed = Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Engine:
    """A compiled graph.

    Attributes:
        reason: why this one, in one clause, Chinese and English.
        lanes: how many calls of ``run`` at the same time use the machine best.
        batch_tokens: tokens a batch should hold, padding included.
        call_tokens: what one more call costs, in tokens.
        run: the model's int64 inputs to logits of shape (sentences, labels); from any thread.
    """

    name: str
    reason: str
    lanes: int
    batch_tokens: int
    call_tokens: int
    run: Callable[[Feed], np.ndarray]


def open_engine(
    onnx_file: Path, threads: int, probe: Callable[[Engine], None], wanted: str | None = None
) -> Engine:
    """Compile a model's graph for this machine.

    Args:
        threads: CPU threads to use.
        probe: computes something with an engine; raises if its answer cannot be right.
        wanted: ``int8``, ``float``, ``openvino`` or ``cuda``; else what the environment
            variable ``TENDERLENS_ENGINE`` says; else the fastest that works here.

    Raises:
        ModelError: the graph cannot be read, or the engine wanted does not work here.
    """
    wanted = wanted or os.environ.get(OVERRIDE) or AUTO
    if wanted != AUTO:
        if wanted not in _OPENERS:
            known = ", ".join(_OPENERS)
            raise ModelError(f"no engine {wanted!r}: there are {known} ({OVERRIDE})")
        return _opened(wanted, onnx_file, threads, "指定 as asked for", probe)
    *better, (name, reason) = candidates()
    for choice, why in better:
        try:
            return _opened(choice, onnx_file, threads, why, probe)
        except ModelError as error:
            _LOG.warning("engine %s does not work here, another is used: %s", choice, error)
    return _opened(name, onnx_file, threads, reason, probe)


def candidates() -> list[tuple[str, str]]:
    """Engines to try in turn, each with the reason; the last one works everywhere."""
    found = []
    if "CUDAExecutionProvider" in ort.get_available_providers():
        found.append(("cuda", "有 CUDA 显卡与 onnxruntime-gpu has CUDA"))
    flags = cpu_flags()
    vector_int8 = any(flag in flags for flag in ("avx512_vnni", "avx_vnni", "avx512f"))
    installed = find_spec("openvino") is not None
    if "amx_bf16" in flags and installed:
        found.append(("openvino", "CPU 有 AMX，已装 OpenVINO CPU has AMX, OpenVINO is installed"))
    elif "avx2" in flags and not vector_int8:
        why = "CPU 无 VNNI 指令，8 位乘法反而慢 CPU lacks VNNI, 8 bits are slower"
        found += [("openvino", f"{why}；已装 OpenVINO is installed")] if installed else []
        found.append(("float", why))
    found.append(("int8", "随附形式 as shipped"))
    return found


@cache
def cpu_flags() -> frozenset[str]:
    """Instruction sets as Linux names them; empty where it does not say."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return frozenset()
    flags = next((line for line in lines if line.startswith("flags")), "")
    return frozenset(flags.partition(":")[2].split())


def _opened(
    name: str, onnx_file: Path, threads: int, reason: str, probe: Callable[[Engine], None]
) -> Engine:
    try:
        engine = _OPENERS[name](onnx_file, threads, reason)
        probe(engine)
    except ModelError:
        raise
    except Exception as error:  # the libraries raise bare Exception subclasses of their own
        raise ModelError(f"{onnx_file}: cannot be loaded by {name} ({error})") from error
    return engine


def _int8(onnx_file: Path, threads: int, reason: str) -> Engine:
    return Engine("int8", reason, threads, BATCH_TOKENS, 8, _session(onnx_file.read_bytes()))


# Attribute of each 8-bit product: 4 has the activations quantised too, 1 computes in fp32.
_ACCURACY_INT8, _ACCURACY_FLOAT = b"accuracy_level\x18\x04", b"accuracy_level\x18\x01"


def _float(onnx_file: Path, threads: int, reason: str) -> Engine:
    """The same graph with its 8-bit products told, in memory, to compute in fp32.

    ONNX Runtime then makes floating-point numbers of the weights in each call anew.
    """
    graph = onnx_file.read_bytes().replace(_ACCURACY_INT8, _ACCURACY_FLOAT)
    return Engine("float", reason, threads, 2048, 64, _session(graph))


def _cuda(onnx_file: Path, _threads: int, reason: str) -> Engine:
    run = _session(onnx_file.read_bytes(), ("CUDAExecutionProvider", "CPUExecutionProvider"))
    return Engine("cuda", reason, 1, 16384, 256, run)


def _session(
    graph: bytes, providers: tuple[str, ...] = ("CPUExecutionProvider",)
) -> Callable[[Feed], np.ndarray]:
    """Computes each call on the calling thread alone."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = ort.InferenceSession(graph, options, providers=list(providers))
    if session.get_providers()[0] != providers[0]:
        raise ModelError(f"{providers[0]} does not start here")
    return lambda feed: np.asarray(session.run(None, dict(feed))[0])


def _openvino(onnx_file: Path, threads: int, reason: str) -> Engine:
    import openvino

    core = openvino.Core()
    halves = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    settings = {
        "INFERENCE_PRECISION_HINT": "bf16" if halves else "f32",
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": threads,
    }
    compiled = core.compile_model(core.read_model(onnx_file), "CPU", settings)
    local = threading.local()

    def run(feed: Feed) -> np.ndarray:
        # A request serves one thread.
        if not hasattr(local, "request"):
            local.request = compiled.create_infer_request()
        return local.request.infer(dict(feed))[compiled.output(0)].copy()

    said = f"{reason}（{'bf16' if halves else 'fp32'}）"
    return Engine("openvino", said, threads, BATCH_TOKENS, 8, run)


_OPENERS: dict[str, Callable[[Path, int, str], Engine]] = {
    "int8": _int8,
    "float": _float,
    "openvino": _openvino,
    "cuda": _cuda,
}
