"""Inspection teams."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus

from flask import Response, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.areas import queries as areas
from fuliang_gis.db.base import Json
from fuliang_gis.inspections.duties.operations import Transaction
from fuliang_gis.inspections.rounds import teams
from fuliang_gis.inspections.rounds.teams import TeamRow
from fuliang_gis.web.api import teams_schemas as schemas
from fuliang_gis.web.api.replies import answers, reply_page, write_answers
from fuliang_gis.web.api.schemas import ChangeHeader, WriteHeader
from fuliang_gis.web.api.teams_schemas import TeamPath
from fuliang_gis.web.api.writes import Act, change, tagged, write
from fuliang_gis.web.context import database
from fuliang_gis.web.session import require_actor

TAGS = [Tag(name="teams", description="巡查队伍 Inspection teams")]
_ONE = "/teams/<team_id>"


def register(api: APIBlueprint) -> None:
    """Add the operations."""
    saved = write_answers(schemas.TeamOut)
    api.get("/teams", tags=TAGS, responses=answers(schemas.TeamPage))(list_teams)
    api.post("/teams", tags=TAGS, responses=write_answers(schemas.TeamOut, 201))(create_team)
    api.get(_ONE, tags=TAGS, responses=answers(schemas.TeamOut))(get_team)
    api.put(_ONE, tags=TAGS, responses=saved)(update_team)
    api.post(f"{_ONE}/retire", tags=TAGS, responses=saved)(retire_team)
    api.post(f"{_ONE}/restore", tags=TAGS, responses=saved)(restore_team)


def document(row: TeamRow) -> Json:
    """Return a team as the API tells it."""
    return asdict(row)


def list_teams(query: schemas.TeamFilter) -> Response:
    """List teams, by division and name."""
    actor = require_actor()
    with database().session() as session:
        found = teams.teams(
            session,
            actor,
            division=query.division,
            active=not query.retired,
            page=query.page,
            size=query.size,
        )
    return reply_page([document(row) for row in found.rows], found)


def create_team(header: WriteHeader, body: schemas.TeamBody) -> Response:
    """Add a team."""

    def act(session: Transaction, actor: Actor) -> Json:
        areas.get(session, body.division_code)
        made = teams.create_team(session, actor, body.given(body.division_code))
        return document(teams.team(session, actor, made.id))

    return write(
        header.idempotency_key,
        act,
        status=HTTPStatus.CREATED,
        at=lambda made: url_for("api.get_team", team_id=made["id"]),
    )


def get_team(path: TeamPath) -> Response:
    """Read a team; ETag is its row version."""
    actor = require_actor()
    with database().session() as session:
        return tagged(document(teams.team(session, actor, path.team_id)))


def update_team(path: TeamPath, header: ChangeHeader, body: schemas.TeamValues) -> Response:
    """Replace what a team is; plans made before keep what they were made with."""

    def act(session: Transaction, actor: Actor) -> None:
        version = header.version()
        teams.change_team(session, actor, path.team_id, body.given(), expected_version=version)

    return change(header.idempotency_key, act, _reader(path.team_id))


def retire_team(path: TeamPath, header: ChangeHeader) -> Response:
    """Take a team out of use; what it did stays."""

    def act(session: Transaction, actor: Actor) -> None:
        teams.retire_team(session, actor, path.team_id, expected_version=header.version())

    return change(header.idempotency_key, act, _reader(path.team_id))


def restore_team(path: TeamPath, header: ChangeHeader) -> Response:
    """Put a retired team to use again."""

    def act(session: Transaction, actor: Actor) -> None:
        teams.restore_team(session, actor, path.team_id, expected_version=header.version())

    return change(header.idempotency_key, act, _reader(path.team_id))


def _reader(team_id: int) -> Act:
    return lambda session, actor: document(teams.team(session, actor, team_id))
