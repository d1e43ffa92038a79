"""Connecting to a Ray cluster, or starting one on this machine, quietly and within finite time."""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from classifier.archive.errors import ClusterError

PATIENCE: Final = 30.0
"""Seconds that a cluster has to answer."""
_KNOCK: Final = 5.0
_ADDRESS = re.compile(r"(?P<host>[^:/\s]+|\[[0-9a-fA-F:.]+\]):(?P<port>[0-9]{1,5})")
_LONGEST_FOLDER: Final = 40  # Ray's sockets lie deep below it, and a socket's path is short.
_CHECK: Final = (
    "import sys; from ray._raylet import GcsClient; GcsClient(address=sys.argv[1]).cluster_id"
)


@contextmanager
def connected(address: str | None, workers: int) -> Iterator[float]:
    """A connection to Ray for as long as it is needed; the CPUs of the cluster.

    Args:
        address: ``host:port`` of a running cluster; without it one is started here for this run,
            or the one used that this process is connected to already.
        workers: CPUs a cluster is told to use that is started here.

    Raises:
        ClusterError: Ray is not installed, or the cluster does not answer.
    """
    if importlib.util.find_spec("ray") is None or importlib.util.find_spec("ray.data") is None:
        raise ClusterError(
            "缺少 ray：请安装 The engine needs ray, please install it: "
            f"{sys.executable} -m pip install 'ray[data]'"
        )
    # Nothing leaves this machine but what the user sends to the cluster; read by Ray on import.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    import ray

    if address:
        _knock(address)
    if ray.is_initialized():
        yield ray.cluster_resources().get("CPU", 1.0)
        return
    with _started(address, workers):
        yield ray.cluster_resources().get("CPU", 1.0)


@contextmanager
def _started(address: str | None, workers: int) -> Iterator[None]:
    import ray

    quiet = {"log_to_driver": False, "logging_level": logging.CRITICAL}
    with contextlib.ExitStack() as stack:
        try:
            if address:
                _init(address, **quiet)
            else:
                # Documents may be spilled to it, and nothing of them is to stay.
                folder = stack.enter_context(
                    tempfile.TemporaryDirectory(
                        prefix="tl-ray-", dir=_short_folder(), ignore_cleanup_errors=True
                    )
                )
                _init(
                    "local",
                    num_cpus=workers,
                    include_dashboard=False,
                    _node_ip_address="127.0.0.1",
                    _temp_dir=folder,
                    **quiet,
                )
        except (OSError, RuntimeError, ValueError) as error:
            where = address or "127.0.0.1"
            raise ClusterError(_unreachable(where, str(error).strip())) from error
        stack.callback(ray.shutdown)
        yield


def _knock(address: str) -> None:
    """Ask whether Ray is there at all: its own way to find out may take minutes or the process."""
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise ClusterError(
            f"--address {address}：应为 主机:端口，例如 10.0.0.5:6379（ray start --head 的端口）。 "
            "It must be HOST:PORT, the port that ray start --head tells."
        )
    try:
        host = found["host"].strip("[]")
        with socket.create_connection((host, int(found["port"])), timeout=_KNOCK):
            pass
    except (OSError, OverflowError) as error:
        raise ClusterError(_unreachable(address, str(error))) from error
    try:
        asked = subprocess.run(
            [sys.executable, "-P", "-c", _CHECK, address],
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ClusterError(_unreachable(address, f"no answer in {PATIENCE:g} s")) from error
    if asked.returncode:
        lines = asked.stderr.decode(errors="replace").strip().splitlines()
        raise ClusterError(_unreachable(address, lines[-1] if lines else "not a Ray cluster"))


def _unreachable(address: str, said: str) -> str:
    return (
        f"无法连接 Ray 集群 {address}：请检查地址和防火墙，本机须已加入该集群（ray start）。 "
        f"Cannot connect to the Ray cluster: check the address and that this machine has joined "
        f"it with ray start. {said[:300]}"
    )


def _short_folder() -> str | None:
    usual = tempfile.gettempdir()
    if len(usual) <= _LONGEST_FOLDER:
        return usual
    return "/tmp" if Path("/tmp").is_dir() else None


def _init(*address: str, **options: object) -> None:
    """Ray sets handlers of its own, by which a run would end before it has written."""
    import ray

    numbers = (signal.SIGINT, signal.SIGTERM)
    kept = {number: signal.getsignal(number) for number in numbers}
    ray.init(*address, **options)  # type: ignore[arg-type]
    # Only the main thread has handlers to set, here as in Ray.
    if threading.current_thread() is threading.main_thread():
        for number, handler in kept.items():
            signal.signal(number, handler)
