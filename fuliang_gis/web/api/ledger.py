"""One location's whole history."""

from __future__ import annotations

from dataclasses import asdict

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from fuliang_gis import clock
from fuliang_gis.inspections.status.ledger import ledger
from fuliang_gis.locations import queries
from fuliang_gis.web.api.ledger_schemas import LedgerOut
from fuliang_gis.web.api.locations import TAGS
from fuliang_gis.web.api.replies import answers, reply
from fuliang_gis.web.api.schemas import LocationPath
from fuliang_gis.web.context import database
from fuliang_gis.web.session import require_actor


def register(api: APIBlueprint) -> None:
    """Add the operation."""
    address = "/layers/<layer>/locations/<code>/ledger"
    api.get(address, tags=TAGS, responses=answers(LedgerOut))(get_ledger)


def get_ledger(path: LocationPath) -> Response:
    """Read a location's ledger: duties, visits, defects, disposals, changes."""
    actor = require_actor()
    with database().session() as session:
        location = queries.get(session, actor, path.layer, path.code)
        found = ledger(session, location, clock.today())
    changes = [
        {**asdict(each), "actor": each.actor_name, "at": each.at.isoformat()}
        for each in found.changes
    ]
    return reply(
        LedgerOut.model_validate(
            {
                "layer": location.layer,
                "code": location.code,
                "name": location.name,
                "today": found.today,
                "status": asdict(found.standing.status),
                "obligations": found.owed,
                "visits": found.visits,
                "defects": found.problems,
                "disposals": found.disposals,
                "exceptions": found.exceptions,
                "reports": found.reports,
                "changes": changes,
            }
        )
    )
