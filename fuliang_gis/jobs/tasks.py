"""The tasks of upkeep."""

from __future__ import annotations

import structlog
from procrastinate import JobContext
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

from fuliang_gis import clock
from fuliang_gis.db.session import UPKEEP, Database
from fuliang_gis.inspections.defects.operations import escalate
from fuliang_gis.inspections.duties.operations import generate, horizon
from fuliang_gis.inspections.visits.files import FileStore, StoreHeldError
from fuliang_gis.inspections.visits.sweeping import sweep
from fuliang_gis.jobs import operations

_log = structlog.get_logger("fuliang_gis.jobs")

#: A worker that gives no sign for so long is dead [s].
SILENCE = 30.0

#: A job that took its worker with it so often is at fault itself.
MOST_ATTEMPTS = 5

#: How long finished jobs stay to be looked at [h].
KEPT_HOURS = 72


def purge(context: JobContext, timestamp: int) -> None:
    """Remove the answers to writes that can no longer be replayed."""
    with database_of(context).session() as session:
        removed = operations.purge_idempotency_keys(session)
    _log.info("purged", scheduled=timestamp, idempotency_keys=removed)


def generate_duties(context: JobContext, timestamp: int) -> None:
    """Make the obligations of this period and the next; what is there already stays as it is."""
    today = clock.today()
    with database_of(context).session(UPKEEP) as session:
        done = generate(session, horizon(today), today=today)
    _log.info(
        "duties generated",
        scheduled=timestamp,
        made=done.made,
        changed=done.changed,
        removed=done.removed,
    )


def escalate_defects(context: JobContext, timestamp: int) -> None:
    """Raise problems that are overdue to the township or the county."""
    with database_of(context).session(UPKEEP) as session:
        risen = escalate(session, clock.today())
    _log.info("defects escalated", scheduled=timestamp, risen=risen)


def sweep_files(context: JobContext, timestamp: int) -> None:
    """Remove stored files that no row has named for a month."""
    shared = context.additional_context
    store = FileStore(shared["settings"].state_dir / "files")
    try:
        with database_of(context).session(UPKEEP) as session:
            done = sweep(session, store, clock.now())
    except StoreHeldError:
        # A backup takes its time; the next night will do.
        _log.warning("files not swept", scheduled=timestamp, reason="a backup holds the store")
        return
    if done.stopped:
        _log.error("files not swept", scheduled=timestamp, reason="too many", files=done.files)
        return
    _log.info(
        "files swept", scheduled=timestamp, files=done.files, bytes=done.size, drafts=done.drafts
    )


async def remove_old_jobs(context: JobContext, timestamp: int) -> None:
    """Remove finished jobs; failed ones stay until somebody has looked at them."""
    await context.app.job_manager.delete_old_jobs(nb_hours=KEPT_HOURS)
    _log.info("old jobs removed", scheduled=timestamp)


async def retry_stalled(context: JobContext, timestamp: int) -> None:
    """Queue again what a killed worker left half-way; give up a job that kills its workers."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=SILENCE):
        _log.warning("stalled job", job=job.id, task=job.task_name, scheduled=timestamp)
        await _resume(manager, job)


async def _resume(manager: JobManager, job: Job) -> None:
    if job.attempts >= MOST_ATTEMPTS:
        await manager.finish_job(job, status=Status.FAILED, delete_job=False)
    else:
        await manager.retry_job(job)


def database_of(context: JobContext) -> Database:
    """Return the database that a worker gives to its jobs."""
    database = context.additional_context["database"]
    assert isinstance(database, Database)  # noqa: S101
    return database
