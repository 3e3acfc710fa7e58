"""Sheets of rounds that a worker prints: asked for, how far they are, and the file.

The queue's own row tells the state, the service's folder holds how far it is and the file; both are
removed after a while.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

import structlog
from procrastinate import JobContext
from sqlalchemy import text
from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.queries import actor_of
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.areas import queries as areas
from fuliang_gis.errors import NotFound
from fuliang_gis.inspections.rounds.deferring import defer
from fuliang_gis.jobs.sheets import bound, drawn_sheets
from fuliang_gis.jobs.tasks import KEPT_HOURS, database_of
from fuliang_gis.reporting.rounds_data import told_plan
from fuliang_gis.reporting.rounds_sheet import part_of
from fuliang_gis.settings import Settings

_log = structlog.get_logger("fuliang_gis.jobs")

#: The queue of what is printed: a long search holds it up as little as it does the upkeep.
QUEUE = "printing"
PRINT_ROUNDS = "print_rounds"

_WAITING = text("""
select id from procrastinate_jobs
where task_name = :task and status in ('todo', 'doing') and args - 'key' = cast(:args as jsonb)
order by id limit 1
""")
_STATE = text("""
select status::text, args from procrastinate_jobs
where id = :job and task_name = :task and (args ->> 'account_id')::integer = :account
""")


@dataclass(frozen=True)
class Wanted:
    """Which sheets: of a plan, of one team of it, which part of them; ``site`` is for the codes."""

    plan_id: int
    team_id: int | None
    part: int
    site: str


@dataclass(frozen=True)
class Printing:
    """How far a worker is: ``waiting``, ``working``, ``done`` or ``failed``; sheets of all.

    ``key`` names the file.
    """

    key: str
    wanted: Wanted
    state: str
    made: int
    sheets: int


def ask_to_print(session: Session, actor: Actor, wanted: Wanted) -> int:
    """Have a worker print sheets, unless it is about to; return the job's id.

    Raises:
        NotFound: There is no such plan for the actor, nor such a team or part of it.
    """
    told = told_plan(session, actor, wanted.plan_id, team_id=wanted.team_id)
    part_of(told, wanted.part)
    args = {**asdict(wanted), "account_id": actor.account_id}
    given = {"task": PRINT_ROUNDS, "args": json.dumps(args)}
    if (waiting := session.scalar(_WAITING, given)) is not None:
        return int(waiting)
    lock = f"print/{actor.account_id}"
    # A database that is set up anew counts its jobs anew; what lies in the folder stays another's.
    args["key"] = uuid4().hex
    return defer(session, PRINT_ROUNDS, args, queue=QUEUE, lock=lock)


def printing(session: Session, actor: Actor, folder: Path, job_id: int) -> Printing:
    """Return how far a worker is with what the actor has asked for.

    Args:
        folder: That of the service's state.

    Raises:
        NotFound: There is no such job of the actor, or it was too long ago.
    """
    asked = {"job": job_id, "task": PRINT_ROUNDS, "account": actor.account_id}
    row = session.execute(_STATE, asked).one_or_none()
    if row is None:
        raise NotFound(what="打印任务（保留三天）", key=job_id)
    status, args = row
    wanted = Wanted(**{name: args[name] for name in Wanted.__dataclass_fields__})
    key = str(args["key"])
    made, sheets = _progress(folder, key)
    state = {"todo": "waiting", "doing": "working", "succeeded": "done"}.get(status, "failed")
    if state == "done" and not _file(folder, key).is_file():
        state = "failed"
    return Printing(key, wanted, state, made, sheets)


def printed(folder: Path, key: str) -> bytes:
    """Return the file that a worker has made.

    Raises:
        NotFound: There is none.
    """
    try:
        return _file(folder, key).read_bytes()
    except FileNotFoundError as error:
        raise NotFound(what="打印好的文件", key=key) from error


def print_rounds(
    context: JobContext,
    plan_id: int,
    team_id: int | None,
    part: int,
    site: str,
    account_id: int,
    key: str,
) -> None:
    """Print sheets, as whoever asked may read them; how far it is stands beside the file."""
    settings = _settings_of(context)
    with database_of(context).session() as session:
        actor = _actor(session, account_id)
        told = told_plan(session, actor, plan_id, team_id=team_id)
        rounds = part_of(told, part)
        _tell(settings.state_dir, key, 0, len(rounds))
        sheets = drawn_sheets(
            session,
            rounds,
            told.plan.first_day,
            county_code=settings.county_code,
            site=site,
        )
    file = bound(sheets, lambda made: _tell(settings.state_dir, key, made, len(sheets)))
    _settle(_file(settings.state_dir, key), file)
    _log.info(
        "sheets printed", plan=plan_id, job=context.job.id, sheets=len(sheets), size=len(file)
    )


def remove_old_prints(context: JobContext, timestamp: int) -> None:
    """Remove printed sheets with the jobs that made them."""
    removed = forget_old(_settings_of(context).state_dir)
    _log.info("old prints removed", scheduled=timestamp, removed=removed)


def forget_old(folder: Path) -> int:
    """Remove the files that are older than their jobs are kept; return how many."""
    oldest = clock.now().timestamp() - KEPT_HOURS * 3600
    old = [each for each in _folder(folder).iterdir() if each.stat().st_mtime < oldest]
    for each in old:
        each.unlink(missing_ok=True)
    return len(old)


def _actor(session: Session, account_id: int) -> Actor:
    account = session.get(Account, account_id)
    if account is None or not account.active:
        raise NotFound(what="账号", key=account_id)
    return actor_of(account, areas.get(session, account.division_code).name)


def _settings_of(context: JobContext) -> Settings:
    settings = context.additional_context["settings"]
    assert isinstance(settings, Settings)  # noqa: S101
    return settings


def _folder(state: Path) -> Path:
    folder = state / "prints"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _file(state: Path, key: str) -> Path:
    return _folder(state) / f"{key}.pdf"


def _tell(state: Path, key: str, made: int, sheets: int) -> None:
    _settle(_folder(state) / f"{key}.json", json.dumps([made, sheets]).encode())


def _progress(state: Path, key: str) -> tuple[int, int]:
    try:
        made, sheets = json.loads((_folder(state) / f"{key}.json").read_bytes())
    except FileNotFoundError:
        return 0, 0
    return int(made), int(sheets)


def _settle(place: Path, content: bytes) -> None:
    """Write a file so that whoever reads it finds the whole of it, or none."""
    draft = place.with_suffix(f"{place.suffix}.new")
    draft.write_bytes(content)
    draft.replace(place)
