"""Limits of unpacking: size, depth, number, time and memory; a member pays for itself alone."""

from __future__ import annotations

import gzip
import os
import subprocess
import zipfile
from pathlib import Path

from archive_files import DATA, TEXT, make_zip, read

from classifier.extract import sandbox
from classifier.limits import MIB, Limits


def test_a_bomb_fails_alone() -> None:
    found = read(make_zip({"bomb.txt": bytes(30 * MIB), "a.txt": DATA}))
    assert found == {"bomb.txt": "too_large", "a.txt": TEXT}
    assert read(gzip.compress(bytes(30 * MIB)), "a.gz") == {"": "too_large"}


def test_what_nested_archives_unpack_to_is_added_up() -> None:
    noise = make_zip({"a.txt": DATA, "b.txt": DATA * 20_000}, zipfile.ZIP_STORED)
    found = read(
        make_zip({"1.zip": noise, "2.zip": noise, "3.txt": DATA}),
        limits=Limits(unpacked_bytes=4 * MIB, ratio=10_000),
    )
    assert found["1.zip/a.txt"] == TEXT
    assert found[""] == "too_large"
    assert "3.txt" not in found


def test_nesting_without_end_stops() -> None:
    data, expected = DATA, "a.txt"
    for _ in range(8):
        data = make_zip({"a.zip" if data is not DATA else "a.txt": data, "z.txt": DATA})
    found = read(data, limits=Limits(depth=3))
    assert found["a.zip/a.zip/a.zip"] == "too_large"
    assert found["a.zip/a.zip/z.txt"] == TEXT
    assert expected not in found


def test_too_many_members() -> None:
    found = read(make_zip({f"{i}.txt": DATA for i in range(9)}), limits=Limits(members=3))
    assert found == {"0.txt": TEXT, "1.txt": TEXT, "2.txt": TEXT, "": "too_large"}


def test_a_member_that_exhausts_its_process_costs_only_itself() -> None:
    long = "".join(f"第{i}条：{TEXT}\n" for i in range(120_000)).encode()
    found = read(make_zip({"long.txt": long, "a.txt": DATA}), limits=Limits(memory=120 * MIB))
    assert found == {"long.txt": "out_of_memory", "a.txt": TEXT}


def test_unpacking_has_a_time_limit() -> None:
    assert read(make_zip({"a.txt": DATA}), limits=Limits(seconds=0.001)) == {"": "timeout"}


def test_unpacking_has_a_memory_limit() -> None:
    found = read(make_zip({"a.txt": bytes(9 * MIB)}), limits=Limits(memory=40 * MIB))
    assert set(found.values()) == {"out_of_memory"}


def test_who_stops_asking_leaves_no_process_behind(tmp_path: Path) -> None:
    members = sandbox.read_members(make_zip({f"{i}.txt": DATA for i in range(99)}), "a", Limits())
    next(members)
    members.close()  # pyright: ignore[reportAttributeAccessIssue]
    children = subprocess.run(
        ["ps", "--ppid", str(os.getpid()), "-o", "args="],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "serve_members" not in children.stdout
