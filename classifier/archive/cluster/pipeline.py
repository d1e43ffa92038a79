"""The stages in a row, as Ray Data runs them: what is to do goes in, what became of it out."""

from __future__ import annotations

import logging
from collections.abc import Generator, Sequence
from typing import Any, Final

import ray
import ray.data
from ray.data import DataContext, Dataset
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from classifier.archive.cluster.actors import Opener, Reader, Scorer, Setting
from classifier.archive.cluster.register import Register
from classifier.archive.cluster.units import Unit, from_table, to_table
from classifier.archive.session import Session
from classifier.limits import MIB

FILES_TOGETHER: Final = 8
"""Files that go to one actor at once."""
BLOCK: Final = 4 * MIB
"""Bytes after which a stage passes on what it has: members of a large archive are shared out."""
DOCUMENTS_TOGETHER: Final = 64
"""Documents a scoring actor gets at once; it asks its model by sentences."""
# Shares of a CPU: three stages of one worker fit one, with room for the scheduler's gaps.
_CPUS: Final = {Opener: 0.1, Reader: 0.4, Scorer: 0.4}


def register_on_this_machine(session: Session) -> Any:
    """The actor that all others ask; it reads the ledger, so it runs where that is."""
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    made = ray.remote(Register).options(num_cpus=0, scheduling_strategy=here)
    return made.remote(
        session.store.ledger.path.absolute(),
        session.versions,
        session.options.limits,
        session.fresh_since,
    )


def results(units: Sequence[Unit], setting: Setting, workers: int) -> Generator[Unit, None, None]:
    """What became of every unit, in the order of the units.

    Raises:
        ray.exceptions.RayError: the cluster cannot go on with it.
    """
    _prepare()
    blocks = [
        to_table(units[at : at + FILES_TOGETHER]) for at in range(0, len(units), FILES_TOGETHER)
    ]
    data = ray.data.from_arrow(blocks)
    # Opening is quick: one actor, and more where others wait for it.
    data = _stage(data, Opener, setting, (1, workers, 1), 1)
    data = _stage(data, Reader, setting, (1, workers, workers), 1)
    data = _stage(data, Scorer, setting, (1, workers, workers), DOCUMENTS_TOGETHER)
    for table in data.iter_batches(batch_size=None, batch_format="pyarrow"):
        yield from from_table(table)  # pyright: ignore[reportArgumentType]


def _stage(
    data: Dataset, stage: type, setting: Setting, actors: tuple[int, int, int], rows: int
) -> Dataset:
    """One more stage with least, most and first number of actors, and rows given at once."""
    share = next(cpus for kind, cpus in _CPUS.items() if issubclass(stage, kind))
    return data.map_batches(
        stage,
        batch_size=rows,
        batch_format="pyarrow",
        fn_constructor_args=(setting,),
        concurrency=actors,
        num_cpus=share,
    )


def _prepare() -> None:
    context = DataContext.get_current()
    # The first of several copies names them all, and what a dead worker gave is told from the rest.
    context.execution_options.preserve_order = True
    context.target_max_block_size = BLOCK
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
