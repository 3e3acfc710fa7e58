"""One worker process: takes jobs until told to stop, then finishes what it has begun."""

from __future__ import annotations

import asyncio
import logging
import signal

from procrastinate import App

from fuliang_gis.db.place import addresses
from fuliang_gis.db.session import Database
from fuliang_gis.jobs import queue
from fuliang_gis.roads import network
from fuliang_gis.settings import Settings

#: Jobs of upkeep, searches, and prints that one process works on at the same time. A search takes
#: a whole core, and so does a print, so more of them are the matter of more processes.
CONCURRENCY = 2
SEARCHES = 1
PRINTS = 1

#: How long running jobs may take to end after SIGTERM [s].
GRACE = 10.0


def run(settings: Settings) -> None:
    """Work until SIGINT or SIGTERM."""
    # Its lines about every job of every minute would bury what matters.
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    network.keep_in(settings.state_dir / "cache")
    service = addresses(settings).service
    database = Database.connect(
        service, settings.secret("context.key"), pool_size=CONCURRENCY + SEARCHES + PRINTS
    )
    try:
        asyncio.run(_work(queue.build(service), {"database": database, "settings": settings}))
    finally:
        database.dispose()


async def _work(app: App, shared: dict[str, object]) -> None:
    async with app.open_async():
        await queue.at_start(app)
        await work(app, shared)


async def work(app: App, shared: dict[str, object]) -> None:
    """Work on all queues until SIGINT or SIGTERM: a long search never holds up the upkeep."""
    workers = [
        asyncio.create_task(_worker(app, shared, queue.UPKEEP_QUEUE, CONCURRENCY)),
        asyncio.create_task(_worker(app, shared, queue.SOLVING_QUEUE, SEARCHES)),
        asyncio.create_task(_worker(app, shared, queue.PRINTING_QUEUE, PRINTS)),
    ]

    def end() -> None:
        for each in workers:
            # Told once it ends in order, told twice at once.
            if not each.cancelling():
                each.cancel()

    loop = asyncio.get_running_loop()
    for told in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(told, end)
    await asyncio.wait(workers, return_when=asyncio.FIRST_COMPLETED)
    # Where one cannot go on, neither should the other: the process is started anew.
    end()
    await asyncio.wait(workers)
    for each in workers:
        if not each.cancelled():
            each.result()


async def _worker(app: App, shared: dict[str, object], name: str, concurrency: int) -> None:
    await app.run_worker_async(
        name=name,
        queues=[name],
        concurrency=concurrency,
        shutdown_graceful_timeout=GRACE,
        additional_context=shared,
        # Both workers of a process are told to stop together.
        install_signal_handlers=False,
    )
