"""Model folders from anywhere: what is wrong with one is said before anything in it is used."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from classifier import ModelError
from classifier.model import CALIBRATION_FILE, CHECKSUM_FILE, LEXICAL_FILE, ONNX_FILE, Model, find
from classifier.onnx_file import check_graph

ROOT = Path(__file__).parents[1]


def sealed(folder: Path) -> Path:
    """The folder with checksums of what it holds now: changed on purpose, by its owner."""
    files = (f for f in sorted(folder.rglob("*")) if f.is_file() and f.name != CHECKSUM_FILE)
    listed = {
        f.relative_to(folder).as_posix(): hashlib.sha256(f.read_bytes()).hexdigest() for f in files
    }
    (folder / CHECKSUM_FILE).write_text(json.dumps(listed), encoding="utf-8")
    return folder


@pytest.fixture
def lexical(tmp_path: Path) -> Path:
    return Path(shutil.copytree(find("lexical"), tmp_path / "own"))


@pytest.fixture
def standard(tmp_path: Path) -> Path:
    return Path(shutil.copytree(find("standard"), tmp_path / "own"))


def refused(folder: Path, match: str) -> None:
    with pytest.raises(ModelError, match=match):
        Model.load(folder, 1)


def edit_json(file: Path, change: Callable[[dict], object]) -> None:
    content = json.loads(file.read_text(encoding="utf-8"))
    change(content)
    file.write_text(json.dumps(content), encoding="utf-8")


# --- the checksum list ---------------------------------------------------------------------


def test_list_may_not_lead_out_of_the_folder(lexical: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("secret", encoding="utf-8")
    digest = hashlib.sha256(outside.read_bytes()).hexdigest()
    for name in ("../outside", str(outside)):
        edit_json(lexical / CHECKSUM_FILE, lambda listed, name=name: listed.update({name: digest}))
        refused(lexical, "outside the folder")
        edit_json(lexical / CHECKSUM_FILE, lambda listed, name=name: listed.pop(name))


def test_link_may_not_lead_out_of_the_folder(lexical: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.npz"
    shutil.move(lexical / LEXICAL_FILE, elsewhere)
    (lexical / LEXICAL_FILE).symlink_to(elsewhere)
    refused(lexical, "outside the folder")


def test_what_is_loaded_must_have_been_verified(lexical: Path) -> None:
    edit_json(lexical / CHECKSUM_FILE, lambda listed: listed.pop(LEXICAL_FILE))
    refused(lexical, rf"does not list {re.escape(LEXICAL_FILE)}")


@pytest.mark.parametrize("content", ["", "[]", "null", '{"calibration.json": 1}', "{", '"x"'])
def test_list_that_is_none(lexical: Path, content: str) -> None:
    (lexical / CHECKSUM_FILE).write_text(content, encoding="utf-8")
    with pytest.raises(ModelError):
        Model.load(lexical)


def test_file_too_large_to_be_a_model(lexical: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("classifier.model.MAX_BYTES", 1 << 20)
    refused(lexical, "larger than")


# --- calibration ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda c: c["weights"].append(c["weights"][0]), "weights of shape"),
        (lambda c: c["bias"].pop(), "bias of shape"),
        (lambda c: c["thresholds"].pop(), "thresholds of shape"),
        (lambda c: c["bias"].__setitem__(0, float("nan")), "no number"),
        (lambda c: c["bias"].__setitem__(0, "x"), "no number|not a calibration"),
        (lambda c: c["labels"].pop(), "another version"),
        (lambda c: c["review"].pop("control"), "not a calibration"),
        (lambda c: c.update(scorers=["oracle"]), "unknown scorers oracle"),
        (lambda c: c.update(scorers=[], weights=[]), "not a calibration"),
    ],
)
def test_calibration_of_another_shape(lexical: Path, change, match: str) -> None:
    edit_json(lexical / CALIBRATION_FILE, change)
    refused(sealed(lexical), match)


def test_calibration_that_is_a_list(lexical: Path) -> None:
    (lexical / CALIBRATION_FILE).write_text("[]", encoding="utf-8")
    refused(sealed(lexical), "not a calibration")


# --- lexical weights -----------------------------------------------------------------------


def rewrite(file: Path, **changed: np.ndarray) -> None:
    with np.load(file) as stored:
        arrays = {name: stored[name] for name in stored.files} | changed
    np.savez_compressed(file, **arrays)  # pyright: ignore[reportArgumentType]


def test_lexical_arrays_that_do_not_fit_together(lexical: Path) -> None:
    rewrite(lexical / LEXICAL_FILE, idf=np.ones(3, np.float16))
    refused(sealed(lexical), "do not fit together")


def test_lexical_file_cut_off(lexical: Path) -> None:
    file = lexical / LEXICAL_FILE
    file.write_bytes(file.read_bytes()[:100_000])
    refused(sealed(lexical), "not a lexical model")


def test_lexical_file_that_unpacks_to_a_flood(
    lexical: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("classifier.lexical._MAX_BYTES", 1 << 20)
    refused(sealed(lexical), "unpacks to more than")


class Trap:
    """Leaves a trace when unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.trace,)


def test_pickle_in_a_model_is_never_opened(lexical: Path, tmp_path: Path) -> None:
    trace = tmp_path / "opened"
    content = io.BytesIO()
    np.lib.format.write_array(content, np.array([Trap(trace)], object), allow_pickle=True)
    with zipfile.ZipFile(lexical / LEXICAL_FILE) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(lexical / LEXICAL_FILE, "w") as archive:
        for name, data in (members | {"idf.npy": content.getvalue()}).items():
            archive.writestr(name, data)
    refused(sealed(lexical), "not a lexical model")
    (lexical / LEXICAL_FILE).write_bytes(pickle.dumps(Trap(trace)))
    refused(sealed(lexical), "not a lexical model")
    assert not trace.exists()


def test_models_load_and_answer_without_pickle(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("a model was unpickled")

    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, never)
    monkeypatch.setattr("numpy.lib._npyio_impl.pickle", None, raising=False)
    for name in ("lexical", "standard"):
        assert len(Model.load(name, 1).predict(["员工须每日打卡。"])) == 1


def test_models_hold_data_only() -> None:
    """No pickle, no code: safetensors, ONNX, plain arrays and text."""
    files = [file for file in (ROOT / "models").rglob("*") if file.is_file()]
    assert {file.suffix for file in files} <= {
        ".json",
        ".md",
        ".npz",
        ".onnx",
        ".safetensors",
        ".svg",
    }
    for file in files:
        if file.suffix == ".npz":
            with np.load(file, allow_pickle=False) as stored:
                assert all(stored[name].dtype.kind in "fiu" for name in stored.files)
        if file.suffix == ".onnx":
            check_graph(file)


# --- encoder -------------------------------------------------------------------------------


def test_encoder_without_its_graph(standard: Path) -> None:
    (standard / ONNX_FILE).unlink()
    refused(standard, "incomplete model folder")
    refused(sealed(standard), rf"does not list {ONNX_FILE}")


def test_graph_cut_off(standard: Path) -> None:
    file = standard / ONNX_FILE
    file.write_bytes(file.read_bytes()[:20_000_000])
    refused(sealed(standard), "damaged or cut off")


@pytest.mark.parametrize("content", [b"", b"\xff" * 64, b"<html>not found</html>", b"\x0a\x00"])
def test_graph_that_is_none(standard: Path, content: bytes) -> None:
    (standard / ONNX_FILE).write_bytes(content)
    refused(sealed(standard), "damaged or cut off")


def test_tokenizer_that_is_none(standard: Path) -> None:
    (standard / "tokenizer.json").write_text("{}", encoding="utf-8")
    refused(sealed(standard), r"tokenizer\.json: cannot be loaded")


def test_tokenizer_of_a_larger_vocabulary(standard: Path) -> None:
    """It would ask for rows that the embedding table does not have."""

    def grow(content: dict) -> None:
        content["model"]["vocab"].append(["未曾学过的词", -20.0])

    edit_json(standard / "tokenizer.json", grow)
    refused(sealed(standard), r"cannot be loaded by|knows 25729 words")


def test_config_with_labels_in_another_order(standard: Path) -> None:
    def swap(content: dict) -> None:
        named = content["id2label"]
        named["0"], named["1"] = named["1"], named["0"]

    edit_json(standard / "config.json", swap)
    refused(sealed(standard), "other labels")


def test_tokenizer_without_special_tokens(standard: Path) -> None:
    words = {"type": "WordLevel", "vocab": {"词": 0, "[UNK]": 1}, "unk_token": "[UNK]"}
    (standard / "tokenizer.json").write_text(json.dumps({"model": words}), encoding="utf-8")
    refused(sealed(standard), "special tokens")


# --- graphs made for the purpose -----------------------------------------------------------


def graph(tmp_path: Path, operator: str = "Identity", **settings: object) -> Path:
    """A small ONNX file: one node, and whatever is asked for."""
    onnx = pytest.importorskip("onnx", reason="needs the train extra")
    helper, number = onnx.helper, onnx.TensorProto.FLOAT
    weight = onnx.numpy_helper.from_array(np.ones((2, 2), np.float32), "w")
    if external := settings.get("external"):
        weight.ClearField("raw_data")
        weight.data_location = onnx.TensorProto.EXTERNAL
        entry = weight.external_data.add()
        entry.key, entry.value = "location", str(external)
    node = helper.make_node(operator, ["w"], ["y"], domain=str(settings.get("domain", "")))
    if inner := settings.get("inside"):
        branch = helper.make_graph([inner], "branch", [], [], [weight])
        node = helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)
    made = helper.make_graph(
        [node],
        "g",
        [],
        [helper.make_tensor_value_info("y", number, [2, 2])],
        [] if inner else [weight],
    )
    model = helper.make_model(made)
    if settings.get("function"):
        body = helper.make_node("Identity", ["a"], ["b"])
        imports = [helper.make_opsetid("", 17)]
        model.functions.append(helper.make_function("own", "F", ["a"], ["b"], [body], imports))
    file = tmp_path / "model.onnx"
    file.write_bytes(model.SerializeToString())
    return file


def test_plain_graph_passes(tmp_path: Path) -> None:
    check_graph(graph(tmp_path))


@pytest.mark.parametrize("place", ["weights.bin", "../weights.bin", "/etc/passwd"])
def test_weights_in_another_file_are_refused(tmp_path: Path, place: str) -> None:
    with pytest.raises(ModelError, match="another file"):
        check_graph(graph(tmp_path, external=place))


def test_operators_of_other_makers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"operators of 'evil\.example'"):
        check_graph(graph(tmp_path, "Run", domain="evil.example"))


def test_branches_of_a_graph_are_looked_into(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="needs the train extra")
    hidden = onnx.helper.make_node("Run", ["w"], ["z"], domain="evil.example")
    with pytest.raises(ModelError, match=r"evil\.example"):
        check_graph(graph(tmp_path, inside=hidden))


def test_functions_in_a_graph_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="function of its own"):
        check_graph(graph(tmp_path, function=True))


def test_graph_with_other_outputs_is_refused(standard: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="needs the train extra")
    model = onnx.load(str(standard / ONNX_FILE))
    last = next(node for node in model.graph.node if "logits" in node.output)
    kept = {last.input[1]: 1, last.input[2]: 1}
    for tensor in model.graph.initializer:
        if tensor.name in kept:
            whole = onnx.numpy_helper.to_array(tensor)
            tensor.CopyFrom(onnx.numpy_helper.from_array(whole[:-1].copy(), tensor.name))
    del model.graph.output[0].type.tensor_type.shape.dim[:]
    onnx.save(model, str(standard / ONNX_FILE))
    refused(sealed(standard), "other outputs than the 21 labels")
