"""No dependency under AGPL or GPL, and a table that names them all."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from email.message import Message
from pathlib import Path
from types import ModuleType

import pytest
from packaging.utils import canonicalize_name

PROGRAM = Path(__file__).parents[1] / "benchmarks" / "licences.py"


@pytest.fixture(scope="module")
def licences() -> ModuleType:
    spec = importlib.util.spec_from_file_location("licences", PROGRAM)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["licences"] = module
    spec.loader.exec_module(module)
    return module


def test_nothing_we_need_is_under_agpl_or_gpl() -> None:
    done = subprocess.run(
        [sys.executable, str(PROGRAM)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_dependency_at_run_time_is_installed_and_in_the_table(licences: ModuleType) -> None:
    table = licences.TABLE.read_text(encoding="utf-8")
    named = set(re.findall(r"^\| (\S+) \| [0-9]", table, re.MULTILINE))
    needed = {d.name for d in licences.dependencies() if licences.RUNTIME in d.needed_for}
    # One of the dependencies themselves, and one of theirs.
    assert {"onnxruntime", "pdfminer-six"} <= needed
    assert needed <= named, f"python {PROGRAM.name} --write, for {needed - named}"


def test_a_dependency_of_a_dependency_is_refused_by_name(
    licences: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, lines in {
        "outer-package": "Requires-Dist: inner_package[more]\nLicense-Expression: MIT\n",
        "inner-package": "Requires-Dist: deep; extra == 'more'\nRequires-Dist: no; extra == 'x'\n"
        "Classifier: License :: OSI Approved :: MIT License\n",
        "deep": "License: GNU Affero General Public License v3\n",
        "no": "License: GPL-3.0\n",
    }.items():
        folder = tmp_path / f"{name.replace('-', '_')}-1.0.dist-info"
        folder.mkdir()
        head = f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n"
        (folder / "METADATA").write_text(head + lines, encoding="utf-8")
    project = tmp_path / "pyproject.toml"
    project.write_text(
        '[project]\nname = "ours"\ndependencies = ["outer-package>=1"]\n'
        '[project.optional-dependencies]\nall = ["ours[other]"]\nother = []\n',
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    found = licences.dependencies(project)
    assert [d.name for d in found] == ["deep", "inner-package", "outer-package"]
    assert [d.objection for d in found if d.objection] == [
        "deep is AGPL: GNU Affero General Public License v3"
    ]


@pytest.mark.parametrize(
    ("licence", "kind"),
    [
        ("MIT", ""),
        ("Apache-2.0 OR GPL-3.0-only", ""),
        ("(MIT OR Apache-2.0) AND GPL-3.0-only", "GPL"),
        ("MIT AND AGPL-3.0-or-later", "AGPL"),
        ("GPL-2.0-or-later", "GPL"),
        ("GPLv3", "GPL"),
        ("GNU General Public License v3 (GPLv3)", "GPL"),
        ("GNU GENERAL PUBLIC LICENSE", "GPL"),
        ("GNU Affero General Public License v3 or later (AGPLv3+)", "AGPL"),
        ("LGPL-2.1-or-later", "LGPL"),
        ("GNU Lesser General Public License v3 (LGPLv3)", "LGPL"),
        ("GNU Library or Lesser General Public License (LGPL)", "LGPL"),
        ("Mozilla Public License 2.0 (MPL 2.0)", ""),
    ],
)
def test_kinds_of_copyleft(licences: ModuleType, licence: str, kind: str) -> None:
    assert licences.copyleft(licence) == kind


def test_no_stated_licence_is_refused(licences: ModuleType) -> None:
    metadata = Message()
    metadata["Classifier"] = "License :: OSI Approved"
    assert licences.licence_of(metadata) == ""
    assert "states no licence" in licences.Dependency("unknown", "1.0", "").objection


def test_every_dependency_is_pinned_to_the_version_that_is_tested(licences: ModuleType) -> None:
    lines = (licences.ROOT / "constraints.txt").read_text(encoding="utf-8").split()
    pinned = {
        canonicalize_name(name): pin for name, _, pin in (one.partition("==") for one in lines)
    }
    # What comes with PyTorch differs by platform and index.
    needed = [d for d in licences.dependencies() if not re.match("cuda-|nvidia-|triton", d.name)]
    here = {d.name: d.version for d in needed if d.version}
    assert {"onnxruntime", "pdfminer-six"} <= here.keys()
    assert {name: pinned.get(name) for name in here} == here
