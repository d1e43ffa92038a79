"""What ``scan --engine ray`` does besides the run: inputs opened, Ray connected, both in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from classifier.archive.cluster.connection import connected
from classifier.archive.errors import SourceError
from classifier.archive.predictor import Predictor
from classifier.archive.progress import Progress, Totals
from classifier.archive.remote import RemoteWalk, Source, is_url
from classifier.archive.session import Options
from classifier.archive.store import Store
from classifier.archive.walk import Walk


def walk_over(inputs: Sequence[str]) -> Walk | RemoteWalk:
    """What is to be listed.

    Raises:
        SourceError: it is not there, or both behind URLs and on local disks.
    """
    plain = [_local(item) for item in inputs]
    remote = [item for item in plain if is_url(item)]
    if not remote:
        paths = [Path(item).absolute() for item in plain]
        for path in paths:
            if not (path.is_dir() or path.is_file()):
                raise SourceError(f"没有这个文件 no such file: {path}")
        return Walk(paths)
    if len(remote) < len(plain):
        raise SourceError("网址与本地路径请分开扫描 scan URLs and local paths one after the other")
    return RemoteWalk([Source.open(item) for item in remote])


def run_on_ray(
    walk: Walk | RemoteWalk,
    store: Store,
    predictor: Predictor,
    options: Options,
    address: str | None,
    progress: Progress,
    stopped: Callable[[], bool],
) -> Totals:
    """Raises what :func:`~.connection.connected` and :func:`~.engine.scan_on_cluster` do."""
    with connected(address, options.workers) as cpus:
        # Only now: it needs Ray, and says by then whether that is installed.
        from classifier.archive.cluster.engine import scan_on_cluster

        sources = walk.sources if isinstance(walk, RemoteWalk) else None
        return scan_on_cluster(walk, store, predictor, options, cpus, sources, progress, stopped)


def _local(given: str) -> str:
    """A ``file://`` URL as the path it names."""
    parts = urlsplit(given)
    return unquote(parts.path) if parts.scheme == "file" else given
