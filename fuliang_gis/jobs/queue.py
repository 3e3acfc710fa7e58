"""The queue: procrastinate's tables in the service's own database, used as the service role."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from procrastinate import App, PsycopgConnector

from fuliang_gis.jobs import tasks

#: When each task of upkeep runs (cron, in UTC as the queue counts).
PERIODIC: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("* * * * *", tasks.retry_stalled),
    ("17 * * * *", tasks.purge),
    ("47 18 * * *", tasks.remove_old_jobs),
)


def build(service_url: str) -> App:
    """Return the queue with every task; nothing is opened yet."""
    app = App(connector=PsycopgConnector(conninfo=service_url, min_size=1, max_size=4))
    for cron, run in PERIODIC:
        name = run.__name__
        # The lock keeps a second one from waiting while workers are busy or away.
        task = app.task(name=name, queueing_lock=name, pass_context=True)(run)
        app.periodic(cron=cron)(task)
    return app
