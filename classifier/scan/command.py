"""The command ``scan``: which of its ways the arguments ask for."""

from __future__ import annotations

import math
import sqlite3
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from classifier.analyzer import Classifier
from classifier.archive.command import ArchiveScan
from classifier.archive.remote import is_url
from classifier.archive.walk import Walk
from classifier.console import Exit, ModelOption, fail
from classifier.errors import ModelError
from classifier.limits import MIB, Limits
from classifier.model import DEFAULT
from classifier.scan.json_lines import tell_skipped, write_lines
from classifier.scan.one_file import holds_members, json_of_one, scan_one

REPORTS = Path("tenderlens-reports")


def _finite(value: float) -> float:
    if not math.isfinite(value) or value <= 0:
        raise typer.BadParameter("须为正数 must be a positive number")
    return value


Inputs = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE|FOLDER|URL|-",
        help="文件、文件夹，或 - 从标准输入读取；--engine ray 还可用 s3://、hdfs:// 网址。",
    ),
]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the options ask for besides the model and the limits."""

    output: Path | None
    store: Path | None
    as_json: bool
    with_xlsx: bool
    with_checklist: bool
    redacting: bool
    no_text: bool
    explaining: int

    @property
    def needs_store(self) -> bool:
        return self.store is not None or self.no_text


def scan(
    inputs: Inputs,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="HTML 报告文件，或放报告的文件夹；缺省为当前文件夹。多个文件时同 --store。",
        ),
    ] = None,
    store: Annotated[
        Path | None,
        typer.Option(help="存放台账、句子、结果和报告的文件夹：再次运行只处理有变化的文件。"),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="输出 JSON（多个文件时每行一个），不写 HTML。")
    ] = False,
    with_xlsx: Annotated[
        bool, typer.Option("--xlsx", help="另在 HTML 报告旁写一份 Excel 工作簿。")
    ] = False,
    with_checklist: Annotated[
        bool, typer.Option("--checklist", help="单个文件：另写一份核对清单（Markdown）。")
    ] = False,
    no_reports: Annotated[
        bool, typer.Option("--no-reports", help="多个文件时不写 HTML 报告，只写台账。")
    ] = False,
    no_text: Annotated[
        bool, typer.Option("--no-text", help="存储中不保留原文，只保留哈希；也不写报告。")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="不用存储中已有的结果，全部重新处理。")
    ] = False,
    model: ModelOption = DEFAULT,
    max_size: Annotated[
        float, typer.Option(callback=_finite, help="单个文件大小上限，MiB。")
    ] = Limits().bytes / MIB,
    max_pages: Annotated[int, typer.Option(min=1, help="单个文件页数上限。")] = Limits().pages,
    max_chars: Annotated[int, typer.Option(min=1, help="单个文件字符数上限。")] = Limits().chars,
    max_members: Annotated[
        int, typer.Option(min=1, help="一个压缩包（连同其中的压缩包）的文件数上限。")
    ] = Limits().members,
    max_unpacked: Annotated[
        float, typer.Option(callback=_finite, help="一个压缩包解压后的大小上限，MiB。")
    ] = Limits().unpacked_bytes / MIB,
    max_depth: Annotated[
        int, typer.Option(min=1, help="压缩包层层嵌套的层数上限。")
    ] = Limits().depth,
    timeout: Annotated[
        float, typer.Option(callback=_finite, help="单个文件解析时限，秒。")
    ] = Limits().seconds,
    memory: Annotated[int, typer.Option(min=64, help="解析进程内存上限，MiB。")] = Limits().memory
    // MIB,
    ocr: Annotated[
        Literal["auto", "off"], typer.Option(help="没有可用文字的页面：auto 识别，off 不识别。")
    ] = "auto",
    max_ocr_pages: Annotated[
        int, typer.Option(min=1, help="单个文件文字识别的页数上限。")
    ] = Limits().ocr_pages,
    ocr_timeout: Annotated[
        float, typer.Option(callback=_finite, help="单个文件文字识别的时限，秒。")
    ] = Limits().ocr_seconds,
    workers: Annotated[int, typer.Option(min=1, help="并行解析的进程数。")] = 2,
    screened: Annotated[
        bool, typer.Option("--screen", help="明显中性的句子不经编码器：更快，几乎不漏。")
    ] = False,
    explaining: Annotated[
        int,
        typer.Option(
            "--explain", min=0, help="单个文件：最要紧的几句由整个模型逐词解释，每句数秒。"
        ),
    ] = 0,
    redacting: Annotated[
        bool, typer.Option("--redact", help="遮盖所有输出中的电话、证件号、邮箱、卡号、联系人。")
    ] = False,
    engine: Annotated[
        Literal["local", "ray"],
        typer.Option(help="local 本机；ray 用 Ray 集群，结果写入同样的存储。"),
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option(help="Ray 集群的 主机:端口；不给则在本机启动一个，只供这次运行。"),
    ] = None,
) -> None:
    """评估文件：终端摘要与 HTML 报告；文件夹与压缩包可中断后继续。

    Score files: a summary and an HTML report; folders and archives can be gone on with.
    """
    wanted = Wanted(
        output, store, as_json, with_xlsx, with_checklist, redacting, no_text, explaining
    )
    _check(wanted)
    limits = Limits(
        bytes=int(max_size * MIB),
        pages=max_pages,
        chars=max_chars,
        members=max_members,
        unpacked_bytes=int(max_unpacked * MIB),
        depth=max_depth,
        seconds=timeout,
        memory=memory * MIB,
        ocr=ocr,
        ocr_pages=max_ocr_pages,
        ocr_seconds=ocr_timeout,
    )
    archive = ArchiveScan(
        store=store or output or REPORTS,
        model=model,
        screened=screened,
        limits=limits,
        workers=workers,
        reports=not no_reports,
        workbooks=with_xlsx,
        fresh=fresh,
        no_text=no_text,
        redacting=redacting,
        engine=engine,
        address=address,
    )
    try:
        _scan(inputs, wanted, archive)
    except ModelError as error:
        fail(f"模型 model: {error}", Exit.MODEL)
    except (OSError, sqlite3.OperationalError) as error:
        fail(f"不能写入或读取 cannot write or read: {error}", Exit.FAILED)


def _check(wanted: Wanted) -> None:
    if wanted.as_json and (wanted.with_xlsx or wanted.with_checklist):
        fail("--json 与 --xlsx、--checklist 不能同时使用 cannot be combined", Exit.USAGE)
    if wanted.as_json and wanted.needs_store:
        fail("--json 不写存储，不能与 --store 或 --no-text 同时使用 cannot be combined", Exit.USAGE)
    if wanted.as_json and wanted.explaining:
        fail("--json 与 --explain 不能同时使用 cannot be combined", Exit.USAGE)
    if wanted.store and wanted.output:
        fail("--store 与 -o 只用一个：存储中已含报告 use one of them", Exit.USAGE)


def _scan(inputs: list[str], wanted: Wanted, archive: ArchiveScan) -> None:
    _check_engine(inputs, wanted, archive)
    if archive.engine == "ray":
        _check_single(wanted)
        archive.scan_urls(inputs)
        return
    if inputs == ["-"]:
        data = sys.stdin.buffer.read(archive.limits.bytes + 1)
        if wanted.needs_store or (not wanted.as_json and holds_members(data, archive.limits)):
            _check_single(wanted)
            archive.scan_bytes(data, "stdin")
        else:
            _one(data, wanted, archive)
        return
    files = _files(inputs)
    if len(files) == 1 and files[0].is_file() and not wanted.needs_store:
        only = files[0]
        if wanted.as_json or not holds_members(only, archive.limits):
            _one(only, wanted, archive)
            return
    _check_single(wanted)
    walk = Walk(files)
    if next(walk.files(), None) is None:
        tell_skipped(walk.skipped)
        fail("没有可评估的文件 no files to score", Exit.USAGE)
    if wanted.as_json:
        write_lines(_classifier(archive), files, archive.workers, wanted.redacting)
    else:
        archive.scan(files)


def _check_engine(inputs: list[str], wanted: Wanted, archive: ArchiveScan) -> None:
    if archive.engine == "ray":
        if wanted.as_json or "-" in inputs:
            fail(
                "--engine ray 写入存储，不能与 --json 或 - 同时使用 cannot be combined", Exit.USAGE
            )
    elif archive.address is not None:
        fail("--address 只与 --engine ray 同用 goes with --engine ray", Exit.USAGE)
    elif any(map(is_url, inputs)):
        fail("网址须加 --engine ray URLs need --engine ray", Exit.USAGE)


def _check_single(wanted: Wanted) -> None:
    if wanted.explaining:
        fail("--explain 只用于单个文件 is for a single document", Exit.USAGE)
    if wanted.with_checklist:
        fail("--checklist 只用于单个文件；多个文件的清单在 --xlsx 的工作簿中", Exit.USAGE)


def _one(source: Path | bytes, wanted: Wanted, archive: ArchiveScan) -> None:
    classifier = _classifier(archive)
    if wanted.as_json:
        json_of_one(classifier, source, wanted.redacting)
    else:
        scan_one(
            classifier,
            source,
            wanted.output,
            wanted.redacting,
            wanted.with_xlsx,
            wanted.with_checklist,
            wanted.explaining,
        )


def _classifier(archive: ArchiveScan) -> Classifier:
    return Classifier.load(archive.model, limits=archive.limits, screened=archive.screened)


def _files(inputs: list[str]) -> list[Path]:
    files = [Path(item) for item in inputs]
    for item in files:
        if not (item.is_dir() or item.is_file()):
            fail(f"没有这个文件 no such file: {item}", Exit.USAGE)
    return files
