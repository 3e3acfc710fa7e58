"""Many searches at once, for a whole county or province: on a Dask cluster, or on one made here.

A search is a pure function of what travels with it: arrays, no database. Dask's libraries take half
a second to load and are loaded only here, when they are used.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fuliang_gis.errors import SetUpError
from fuliang_gis.inspections.rounds.work import Work, search
from fuliang_gis.routing.rounds import Plan

if TYPE_CHECKING:
    from distributed import Client

#: How long a cluster may take to answer [s].
PATIENCE = "15s"

#: Told with each plan: the number of its search, and the plan.
Found = Callable[[int, Plan], None]


def search_on(client: Client, works: Sequence[Work], found: Found) -> None:
    """Do every search on a cluster; a worker that is lost has its searches done by another."""
    from distributed import as_completed

    numbered = sorted(range(len(works)), key=lambda n: -len(works[n].problem.tasks))
    waiting: dict[Any, int] = {}
    for rank, number in enumerate(numbered):
        # Work is sent out once, not kept in the scheduler's graph, and done in this order.
        future = client.submit(
            _alone, works[number], key=f"rounds-{id(works)}-{number}", priority=-rank, retries=2
        )
        waiting[future] = number
    for future in as_completed(list(waiting)):
        found(waiting.pop(future), future.result())
        future.release()


def _alone(work: Work) -> Plan:
    """Search on the one processor that a cluster's worker stands for."""
    return search(replace(work, effort=replace(work.effort, workers=1)))


@contextmanager
def connected(scheduler: str | None, workers: int | None = None) -> Iterator[Client]:
    """Keep a connection to a cluster for the block: the given one, or one of this machine.

    Raises:
        SetUpError: The scheduler cannot be reached.
    """
    from distributed import Client, LocalCluster

    if scheduler:
        try:
            client = Client(scheduler, timeout=PATIENCE)
        except (OSError, ValueError, ImportError) as error:
            raise SetUpError(
                reason=f"无法连接 FULIANG_DASK_SCHEDULER={scheduler}：{error}。"
                "请检查地址与网络，或取消该设置改用本机。",
                reason_en=f"Cannot reach the Dask scheduler {scheduler}: {error}.",
            ) from None
        with client:
            yield client
        return
    with (
        LocalCluster(
            n_workers=workers or os.cpu_count() or 1,
            threads_per_worker=1,
            **_QUIET,
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


#: A cluster of this machine listens to this machine alone, and says only what went wrong.
_QUIET: Mapping[str, Any] = {
    "host": "127.0.0.1",
    "dashboard_address": None,
    "silence_logs": 40,
}
