"""The tasks of rounds: solving plans, and following what the day has brought."""

from __future__ import annotations

import time

import structlog
from procrastinate import JobContext, RetryStrategy
from procrastinate.exceptions import JobAborted

from fuliang_gis import clock
from fuliang_gis.db.session import UPKEEP, Database
from fuliang_gis.errors import FuliangError, Invalid, Unavailable
from fuliang_gis.inspections.rounds import solving
from fuliang_gis.inspections.rounds.following import note_missed
from fuliang_gis.inspections.rounds.work import Work
from fuliang_gis.jobs.searching import Point, SearchFailed, searching
from fuliang_gis.jobs.tasks import database_of
from fuliang_gis.routing.rounds import Plan

_log = structlog.get_logger("fuliang_gis.jobs")

#: How often progress is kept, at most [s].
EVERY = 1.0

#: A search that is told to last so long may take this much more: several attempts, a busy machine.
_SLACK = 300.0
_ATTEMPTS = 5

#: A worker that was asked to stop hands its search to the next; so does a database that was away.
RETRY = RetryStrategy(max_attempts=_ATTEMPTS, wait=5, retry_exceptions={JobAborted, Unavailable})

_FAULT = "求解程序出错，已记录。请稍后重新求解；仍不行请把方案编号告诉管理员。"


def solve_plan(context: JobContext, plan_id: int) -> None:
    """Solve a plan: the search itself goes on outside any transaction, in a process of its own."""
    database, job_id = database_of(context), context.job.id
    assert job_id is not None  # noqa: S101  # It comes from the queue.
    try:
        with database.session(UPKEEP) as session:
            begun = solving.begin(session, plan_id, job_id, clock.today())
        if begun is None:
            _log.info("nothing to solve", plan=plan_id, job=job_id)
            return
        work, ready = begun
        made, curve = _searched(context, database, plan_id, job_id, work)
        with database.session(UPKEEP) as session:
            solving.finish(session, plan_id, job_id, ready, made, curve)
    except (JobAborted, Unavailable):
        raise
    except Exception as error:  # noqa: BLE001  # Whatever it is, the plan tells that it failed.
        if not isinstance(error, FuliangError):
            _log.exception("solving failed", plan=plan_id, job=job_id)
        with database.session(UPKEEP) as session:
            solving.fail(session, plan_id, job_id, _told(error))


def _searched(
    context: JobContext, database: Database, plan_id: int, job_id: int, work: Work
) -> tuple[Plan, list[Point]]:
    """Watch a search until it has its plan; keep how far it is, and see whether it is to end."""
    curve: list[Point] = []
    began = kept = time.monotonic()
    longest = work.effort.seconds * _ATTEMPTS + _SLACK
    with searching(work) as process:
        while time.monotonic() - began < longest:
            if context.should_abort():
                raise JobAborted
            told = process.hear(EVERY)
            if isinstance(told, Plan):
                return told, solving.thinned(curve)
            if told is not None:
                curve.append(told)
            if time.monotonic() - kept >= EVERY:
                kept = time.monotonic()
                with database.session(UPKEEP) as session:
                    points = solving.thinned(curve)
                    if not solving.note_progress(session, plan_id, job_id, points):
                        process.stop()
    raise SearchFailed("it did not end")


def mend_plans(context: JobContext, timestamp: int) -> None:
    """Fail the plans whose search was given up, so that none stays "solving" for ever."""
    with database_of(context).session(UPKEEP) as session:
        failed = solving.give_up_abandoned(session)
    if failed:
        _log.warning("plans given up", scheduled=timestamp, plans=failed)


def note_missed_stops(context: JobContext, timestamp: int) -> None:
    """Note what no visit has met on days that are over."""
    with database_of(context).session(UPKEEP) as session:
        missed = note_missed(session, clock.today())
    _log.info("missed stops noted", scheduled=timestamp, missed=missed)


def _told(error: Exception) -> str:
    """Return what people are told of a search that has failed, in Chinese."""
    if isinstance(error, Invalid):
        return "".join(problem.zh for problem in error.problems)
    return error.text_zh if isinstance(error, FuliangError) else _FAULT
