"""A batch: the photos of the sources that have no result yet go to Ray as blocks of paths, each of which makes a shard.

Ray's own checkpoints are not used: they keep nothing of a block that failed. What is done is what the shards say.
"""

from __future__ import annotations

import logging
import os
import socket
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tagger.batch.actor import ActorSettings, Tagging
from tagger.batch.shards import Shards
from tagger.batch.sources import SCHEMA
from tagger.core.errors import BatchFailed, TaggerError
from tagger.core.run_options import CORES

USAGE_REPORTS = "RAY_USAGE_STATS_ENABLED"
os.environ[USAGE_REPORTS] = "0"  # before Ray is imported
os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # its files have the rest

import ray  # noqa: E402
import ray.data  # noqa: E402
import ray.exceptions  # noqa: E402

log = logging.getLogger(__name__)

ADDRESS = "RAY_ADDRESS"  # of a cluster; without it Ray runs on this machine
CONNECT_S = 10.0
LEAST_ROWS, MOST_ROWS = 64, 4096  # of a shard
SHARDS_PER_ACTOR = 8  # so that all end at about the same time


@dataclass(frozen=True, slots=True)
class Actors:
    """The actors of a batch."""

    count: int | None = None  # None: as many as the cluster has room for
    cpus: int = 1  # of each
    gpus: float = 0.0


@dataclass(slots=True)
class BatchState:
    """The state of a batch, and its result once it has ended."""

    done_before: int = 0
    counter: Counter[str] = field(default_factory=Counter)  # answers, by status
    shards: list[str] = field(default_factory=list)
    engines: set[str] = field(default_factory=set)
    began: float = float("inf")  # seconds since 1970: when the first shard was begun, and the last one ended
    ended: float = 0.0

    @property
    def photos(self) -> int:
        return sum(self.counter.values())

    @property
    def photos_per_s(self) -> float:
        return self.photos / (self.ended - self.began) if self.ended > self.began else 0.0

    def add(self, summary: dict[str, Any]) -> None:
        """Add what an actor returned for a shard."""
        self.counter.update({status: summary[status] for status in ("tagged", "none", "failed")})
        self.shards.append(summary["shard"])
        self.engines.add(summary["engine"])
        self.began, self.ended = min(self.began, summary["began"]), max(self.ended, summary["ended"])


def run_batch(
    tables: Iterable[pa.Table], shards: Shards, settings: ActorSettings, actors: Actors
) -> Iterator[BatchState]:
    """Tag the photos that have no result yet; yield the state after each shard, and at least once.

    Args:
        tables: of `tagger.batch.sources.SCHEMA`.
        shards: where results are, and where they go.
        settings: of the work on photos.
        actors: who does it.
    """
    state = BatchState()
    shards.prepare()
    todo = _without(tables, shards.done(), state)
    yield state
    if not todo.num_rows:
        return
    with _cluster(actors):
        count = actors.count or _room(actors)
        rows = min(max(todo.num_rows // (count * SHARDS_PER_ACTOR), LEAST_ROWS), MOST_ROWS)
        blocks = [todo.slice(start, rows) for start in range(0, todo.num_rows, rows)]
        count = min(count, len(blocks))
        log.info("%d photos in %d shards for %d actors", todo.num_rows, len(blocks), count)
        data = ray.data.from_arrow(blocks, override_num_blocks=len(blocks)).map_batches(
            Tagging,
            fn_constructor_args=(settings, shards),
            batch_size=None,  # a block
            batch_format="pyarrow",
            compute=ray.data.ActorPoolStrategy(size=count),
            num_cpus=actors.cpus,
            num_gpus=actors.gpus or None,
        )
        for summary in data.iter_rows():
            state.add(summary)
            yield state


def _without(tables: Iterable[pa.Table], done: pa.ChunkedArray, state: BatchState) -> pa.Table:
    """The photos that have no result yet, each once."""
    done, left = done.combine_chunks(), [SCHEMA.empty_table()]
    for table in tables:
        is_done = pc.is_in(table.column("path"), value_set=done)
        left.append(table.filter(pc.invert(is_done)))
        state.done_before += table.num_rows - left[-1].num_rows
    found = pa.concat_tables(left)
    numbered = found.append_column("row", pa.array(range(found.num_rows), pa.int64()))
    first = numbered.group_by("path").aggregate([("row", "min")]).column("row_min")
    return found.filter(pc.is_in(numbered.column("row"), value_set=first.combine_chunks()))


@contextmanager
def _cluster(actors: Actors) -> Iterator[None]:
    """Ray on the cluster that RAY_ADDRESS names, else on this machine.

    Raises:
        BatchFailed: there is no such cluster, or an actor failed.
    """
    options: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    if ADDRESS not in os.environ:
        cpus = max(CORES, (actors.count or 0) * actors.cpus)
        options |= {"num_cpus": cpus, "include_dashboard": False, "_node_ip_address": "127.0.0.1"}
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = context.print_on_execution_start = False
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.ERROR)
    is_mine = not ray.is_initialized()
    try:
        if is_mine:
            _check_address(os.environ.get(ADDRESS, ""))
            ray.init(**options)
    except Exception as error:  # a bare one if Ray does not start in time
        problem = f"Ray does not start: {_first_line(error)}. Run the same command again when the machine is less busy"
        if ADDRESS in os.environ:
            problem = f"the cluster at {os.environ[ADDRESS]} cannot be reached: {_first_line(error)}. Check RAY_ADDRESS"
        raise BatchFailed(problem) from error
    try:
        yield
    except ray.exceptions.RayError as error:
        cause = getattr(error, "cause", None)
        if isinstance(cause, TaggerError):
            raise cause from error
        problem = _first_line(cause or error)
        raise BatchFailed(f"an actor failed: {problem}. What is done is stored; run the same command again") from error
    finally:
        if is_mine:
            ray.shutdown()


def _check_address(address: str) -> None:
    """Connect to a cluster's address once, since Ray itself tries for minutes; raises OSError."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if port.isdigit():
        socket.create_connection((host, int(port)), CONNECT_S).close()


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def _room(actors: Actors) -> int:
    """How many actors the cluster has room for."""
    resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    room = int(resources.get("CPU", 1) // actors.cpus)
    if actors.gpus:
        room = min(room, int(resources.get("GPU", 0) // actors.gpus))
    return max(room, 1)
