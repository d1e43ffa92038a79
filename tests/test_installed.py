"""Models of the user's own: listed, put in use, rolled back, verified, kept to a finite number."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import cli
from classifier import Classifier, ModelError, installed
from classifier.doctor import models
from classifier.installed import Origin
from classifier.model import find, shipped


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TENDERLENS_MODELS", str(tmp_path / "own"))
    return tmp_path / "own"


def origin(made: float = 1.0) -> Origin:
    figures = {"held_back": {"assistive": {"before": 0.5, "after": 0.625}}}
    return Origin("lexical", "abc", made, 200, 3, figures)


def install(made: float = 1.0) -> str:
    def build(folder: Path) -> Origin:
        shutil.copytree(find("lexical"), folder, dirs_exist_ok=True)
        return origin(made)

    return installed.install(build, "reviewed", [*shipped()])[0].name


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        cli.app(["models", *arguments])
    assert isinstance(ended.value.code, int)
    said = capsys.readouterr()
    return ended.value.code, said.out, said.err


def names() -> list[str]:
    return [model.name for model in installed.own()]


def test_without_own_models_the_shipped_one_is_in_use(home: Path) -> None:
    assert find() == find("standard")
    assert installed.active() is None
    assert not home.exists()


def test_own_model_is_used_only_after_it_is_put_in_use() -> None:
    name = install()
    assert find().name == "standard"
    assert Classifier.load(name).model.name == name
    installed.use(name)
    assert Classifier.load().model.name == name
    assert Classifier.load("lexical").model.name == "lexical"


def test_rollback_goes_back_step_by_step_to_the_shipped_one() -> None:
    first, second = install(1), install(2)
    installed.use(first)
    installed.use(second)
    assert installed.rollback("standard") == (first, second)
    assert find().name == first
    assert installed.rollback("standard") == ("standard", first)
    assert find().name == "standard"
    with pytest.raises(ModelError, match="no other model"):
        installed.rollback("standard")


def test_rollback_passes_over_models_that_are_gone(home: Path) -> None:
    first, second = install(1), install(2)
    installed.use(first)
    installed.use(second)
    shutil.rmtree(home / first)
    assert installed.rollback("standard") == ("standard", second)


def test_changed_own_model_is_refused_and_not_replaced_in_silence(home: Path) -> None:
    name = install()
    installed.use(name)
    weights = home / name / "lexical.npz"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelError, match="checksum"):
        Classifier.load()


def test_model_in_use_that_is_gone_is_named_with_the_next_step(home: Path) -> None:
    name = install()
    installed.use(name)
    shutil.rmtree(home / name)
    with pytest.raises(ModelError, match=rf"{name}.*rollback"):
        Classifier.load()


def test_unreadable_choice_is_an_error_that_use_mends(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home.mkdir()
    for content in ("{", '{"history": [1]}', "[]"):
        (home / "active.json").write_text(content)
        with pytest.raises(ModelError, match="models use standard"):
            find()
        assert run(capsys)[0] == 0
        assert run(capsys, "use", "standard")[0] == 0
        assert find().name == "standard"


def test_five_are_kept_and_neither_the_one_in_use_nor_the_one_before_goes() -> None:
    made = [install(number) for number in (1, 2, 3)]
    installed.use(made[0])
    installed.use(made[1])
    made += [install(number) for number in (4, 5, 6, 7)]
    assert names() == [made[0], made[1], made[4], made[5], made[6]]
    assert len(set(made)) == 7


def test_failed_installation_leaves_nothing(home: Path) -> None:
    def build(folder: Path) -> Origin:
        (folder / "half").write_text("x")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        installed.install(build, "reviewed", [])
    assert list(home.iterdir()) == []


def test_folders_that_are_no_models_of_ours_are_left_alone(home: Path) -> None:
    (home / "notes").mkdir(parents=True)
    (home / "reviewed-7").mkdir()
    (home / "reviewed-7" / "origin.json").write_text("{}")
    assert names() == []
    assert install() == "reviewed-8"


@pytest.mark.parametrize("name", ["../lexical", ".new-x", "", "a/b", "x" * 100])
def test_names_never_lead_out_of_the_folder(name: str, home: Path) -> None:
    (home.parent / "lexical").mkdir()
    (home.parent / "lexical" / "origin.json").write_text("{}")
    home.mkdir()
    assert installed.folder_of(name) is None


def test_home_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TENDERLENS_MODELS")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert installed.home() == tmp_path / "tenderlens" / "models"
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert installed.home() == Path.home() / ".local" / "share" / "tenderlens" / "models"


def test_list_shows_versions_origin_figures_and_which_is_in_use(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    name = install()
    assert run(capsys, "use", name)[0] == 0
    code, said, _ = run(capsys, "--json")
    found = {model["name"]: model for model in json.loads(said)["models"]}
    assert code == 0
    assert [n for n, model in found.items() if model["active"]] == [name]
    assert found["standard"]["shipped"] and not found[name]["shipped"]
    assert found[name]["version"] == Classifier.load("lexical").model.version
    assert found[name]["origin"]["sentences"] == 200


def test_doctor_tries_the_model_in_use(home: Path) -> None:
    name = install()
    installed.use(name)
    (home / name / "lexical.npz").unlink()
    found = {check.name: check.works for check in models.checks()}
    assert found["模型 model standard"]
    assert found["模型 model lexical"]
    assert not found[f"模型 model {name}"]


def test_use_and_rollback_say_what_is_in_use_now(capsys: pytest.CaptureFixture[str]) -> None:
    name = install()
    code, said, _ = run(capsys, "use", name)
    assert code == 0 and name in said
    assert run(capsys, "use", "nonesuch")[0] == 2
    code, said, told = run(capsys, "rollback")
    assert code == 0 and "standard" in said and name in told
    assert run(capsys, "rollback")[0] == 5


def test_a_user_lists_models_from_the_shell(tmp_path: Path) -> None:
    name = install()
    done = subprocess.run(
        [sys.executable, "-c", "import cli; cli.main()", "models"],
        cwd=tmp_path,
        capture_output=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(cli.__file__).parent), "COLUMNS": "160"},
    )
    said = done.stdout.decode()
    assert done.returncode == 0, done.stderr.decode()
    assert name in said and "standard" in said and "0.500 → 0.625" in said
    assert f"{tmp_path / 'own'}" in said
