"""One worker process: takes jobs until told to stop, then finishes what it has begun."""

from __future__ import annotations

import asyncio
import logging

from procrastinate import App

from fuliang_gis.db.place import addresses
from fuliang_gis.db.session import Database
from fuliang_gis.jobs import queue
from fuliang_gis.settings import Settings

#: Jobs that one process works on at the same time.
CONCURRENCY = 2

#: How long running jobs may take to end after SIGTERM [s].
GRACE = 10.0


def run(settings: Settings) -> None:
    """Work until SIGINT or SIGTERM."""
    # Its lines about every job of every minute would bury what matters.
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    service = addresses(settings).service
    database = Database.connect(service, settings.secret("context.key"), pool_size=CONCURRENCY)
    try:
        asyncio.run(_work(queue.build(service), database))
    finally:
        database.dispose()


async def _work(app: App, database: Database) -> None:
    async with app.open_async():
        await app.run_worker_async(
            concurrency=CONCURRENCY,
            shutdown_graceful_timeout=GRACE,
            additional_context={"database": database},
        )
