"""Workers for tests: here until nothing is due, or ``python -m tests.jobs.working`` by itself.

A process of its own reads the address and the key of the acting context from its environment.
"""

from __future__ import annotations

import asyncio
import os

from procrastinate import App

from fuliang_gis.db.session import Database
from fuliang_gis.jobs import queue, worker
from fuliang_gis.settings import Settings

ADDRESS, KEY = "TEST_SERVICE_URL", "TEST_CONTEXT_KEY"


def main() -> None:
    """Work until told to stop."""
    address = os.environ[ADDRESS]
    database = Database.connect(address, bytes.fromhex(os.environ[KEY]), pool_size=4)
    try:
        asyncio.run(_work_on(queue.build(address), database))
    finally:
        database.dispose()


async def _work_on(app: App, database: Database) -> None:
    # Without the night's upkeep, which would remove the duties that a test has laid out.
    async with app.open_async():
        await worker.work(app, {"database": database})


def work(app: App, database: Database, settings: Settings | None = None) -> None:
    """Let a worker do what is due, then leave."""
    shared = {"database": database, "settings": settings}

    async def once() -> None:
        async with app.open_async():
            await app.run_worker_async(
                wait=False,
                listen_notify=False,
                install_signal_handlers=False,
                additional_context=shared,
            )

    asyncio.run(once())


def defer(app: App, task: str) -> None:
    """Queue a task of the upkeep."""

    async def once() -> None:
        async with app.open_async():
            await app.configure_task(task).defer_async(timestamp=0)

    asyncio.run(once())


if __name__ == "__main__":
    main()
