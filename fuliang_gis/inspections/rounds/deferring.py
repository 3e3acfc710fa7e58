"""Queueing work in the transaction that asks for it: both are kept, or neither."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.orm import Session

#: The queue of long searches, which do not hold up the upkeep.
QUEUE = "solving"

#: The task that solves a plan, by the name under which the worker knows it.
SOLVE_PLAN = "solve_plan"

# The queue's own function, so that its triggers and columns stay its own matter.
_DEFER = text("""
select (procrastinate_defer_jobs_v1(array[row(
    cast(:queue as varchar), cast(:task as varchar), 0, cast(:lock as text), null,
    cast(:args as jsonb), null
)]::procrastinate_job_to_defer_v1[]))[1]
""")


def defer(session: Session, task: str, args: Mapping[str, object], *, queue: str, lock: str) -> int:
    """Queue a job in the session's transaction and return its id.

    Args:
        task: The name of the task, as the worker knows it.
        args: Its arguments, as JSON takes them.
        lock: Jobs of one lock are done one after the other.
    """
    told = {"queue": queue, "task": task, "lock": lock, "args": json.dumps(dict(args))}
    return int(session.execute(_DEFER, told).scalar_one())


_CALL_OFF = text("select procrastinate_cancel_job_v1(:job, false, false)")


def call_off(session: Session, job_id: int) -> bool:
    """Take a job out of the queue that no worker has begun; tell whether it was still there."""
    return session.execute(_CALL_OFF, {"job": job_id}).scalar_one() is not None
