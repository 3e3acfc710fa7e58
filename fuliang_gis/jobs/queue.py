"""The queue: procrastinate's tables in the service's own database, used as the service role."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued

from fuliang_gis import clock
from fuliang_gis.inspections.rounds.deferring import QUEUE as SOLVING
from fuliang_gis.inspections.rounds.deferring import SOLVE_PLAN
from fuliang_gis.jobs import mail, printing, rounds, tasks

#: The queues of the upkeep, of long searches and of printing; each has its own workers.
UPKEEP_QUEUE = "default"
SOLVING_QUEUE = SOLVING
PRINTING_QUEUE = printing.QUEUE

#: When each task of upkeep runs (cron, in UTC as the queue counts).
PERIODIC: tuple[tuple[str, Callable[..., Any]], ...] = (
    ("* * * * *", tasks.retry_stalled),
    ("17 * * * *", tasks.purge),
    ("47 18 * * *", tasks.remove_old_jobs),
    ("52 18 * * *", printing.remove_old_prints),
    # Five past midnight in the county, and whenever a worker starts.
    ("5 16 * * *", tasks.generate_duties),
    ("35 16 * * *", tasks.escalate_defects),
    ("25 18 * * *", tasks.sweep_files),
    ("* * * * *", rounds.mend_plans),
    ("10 16 * * *", rounds.note_missed_stops),
    # Eight in the county; what a mail server did not take is tried again until ten.
    ("0,20,40 0,1 * * *", mail.send_reminders),
)


def build(service_url: str) -> App:
    """Return the queue with every task; nothing is opened yet."""
    app = App(connector=PsycopgConnector(conninfo=service_url, min_size=1, max_size=6))
    for cron, run in PERIODIC:
        name = run.__name__
        # The lock keeps a second one from waiting while workers are busy or away.
        task = app.task(name=name, queueing_lock=name, pass_context=True)(run)
        app.periodic(cron=cron)(task)
    app.task(name=SOLVE_PLAN, queue=SOLVING, retry=rounds.RETRY, pass_context=True)(
        rounds.solve_plan
    )
    app.task(name=printing.PRINT_ROUNDS, queue=PRINTING_QUEUE, pass_context=True)(
        printing.print_rounds
    )
    return app


async def at_start(app: App) -> None:
    """Queue what a worker does first: the nights on which none ran are made up for."""
    for run in (tasks.generate_duties, rounds.note_missed_stops):
        with suppress(AlreadyEnqueued):
            task = app.configure_task(run.__name__, queueing_lock=run.__name__)
            await task.defer_async(timestamp=int(clock.now().timestamp()))
