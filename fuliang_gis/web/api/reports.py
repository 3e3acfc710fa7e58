"""Problems reported without an account, their review, and what waits for a post."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from flask import Response, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.db.base import Json
from fuliang_gis.inspections.defects import report_queries, reports
from fuliang_gis.inspections.defects.report_queries import ReportState, Review
from fuliang_gis.inspections.defects.report_rules import ReportGiven, receipt_of
from fuliang_gis.inspections.defects.reports import Acceptance
from fuliang_gis.inspections.duties.operations import Transaction
from fuliang_gis.inspections.reminders import queries as reminders
from fuliang_gis.web.api import reports_schemas as schemas
from fuliang_gis.web.api.replies import JSON, answers, dump, reply_document, write_answers
from fuliang_gis.web.api.reports_schemas import ReceiptPath, ReportPath
from fuliang_gis.web.api.schemas import LocationPath, WriteHeader
from fuliang_gis.web.api.writes import write
from fuliang_gis.web.context import database
from fuliang_gis.web.pages.reports import ADDRESS_LIMIT, RECEIPT_LIMIT, origin
from fuliang_gis.web.security import limiter
from fuliang_gis.web.session import require_actor

TAGS = [Tag(name="reports", description="群众反映与提醒 Reports of the public, and reminders")]
_ONE = "/reports/<report_id>"
#: Anybody may, without an account.
_OPEN: list[dict[str, list[Any]]] = [{}]


def register(api: APIBlueprint) -> None:
    """Add the operations."""
    receipt, one = answers(schemas.ReceiptOut), answers(schemas.ReportOut)
    taken = answers(schemas.ReceiptOut, 415, done=201)
    judged = write_answers(schemas.ReportOut)
    reporting = limiter.limit(ADDRESS_LIMIT)(report_problem)
    asking = limiter.limit(RECEIPT_LIMIT)(get_receipt)
    api.post(
        "/layers/<layer>/locations/<code>/reports", tags=TAGS, responses=taken, security=_OPEN
    )(reporting)
    api.get("/reports/receipts/<receipt>", tags=TAGS, responses=receipt, security=_OPEN)(asking)
    api.get("/reports", tags=TAGS, responses=answers(schemas.ReportPage))(list_reports)
    api.get(_ONE, tags=TAGS, responses=one)(get_report)
    api.post(f"{_ONE}/accept", tags=TAGS, responses=judged)(accept_report)
    api.post(f"{_ONE}/link", tags=TAGS, responses=judged)(link_report)
    api.post(f"{_ONE}/refuse", tags=TAGS, responses=judged)(refuse_report)
    api.get("/reminders", tags=TAGS, responses=answers(schemas.RemindersOut))(get_reminders)


def report_problem(path: LocationPath, body: schemas.ReportBody) -> Response:
    """Report a problem at a location, without an account; sent twice, it is taken in once."""
    given = ReportGiven(body.text, body.category)
    with database().session() as session:
        report = reports.submit(session, path.layer, path.code, given, origin=origin())
        document = _receipt(report_queries.by_receipt(session, report.receipt))
    headers = {"Location": url_for("api.get_receipt", receipt=document["receipt"])}
    return Response(dump(document), HTTPStatus.CREATED, headers, content_type=JSON)


def get_receipt(path: ReceiptPath) -> Response:
    """Read what became of a report, by its receipt."""
    with database().session() as session:
        found = report_queries.by_receipt(session, receipt_of(path.receipt))
    return reply_document(_receipt(found))


def list_reports(query: schemas.ReportFilter) -> Response:
    """List the division's reports of one state, with the counts of every state."""
    actor = require_actor()
    with database().session() as session:
        found = report_queries.review_page(
            session, actor, state=query.state, division=query.division or "", page=query.page
        )
        items = [_document(row) for row in found.rows]
    return reply_document(
        {
            "items": items,
            "total": found.total,
            "page": found.page,
            "size": report_queries.PAGE,
            "counts": dict(found.counts),
        }
    )


def get_report(path: ReportPath) -> Response:
    """Read one report."""
    actor = require_actor()
    with database().session() as session:
        return reply_document(_document(report_queries.review(session, actor, path.report_id)))


def accept_report(path: ReportPath, header: WriteHeader, body: schemas.AcceptBody) -> Response:
    """Make a defect of a report; its photos become those of before the repair."""
    given = Acceptance(**body.model_dump())
    return _judge(path, header, reports.accept, given)


def link_report(path: ReportPath, header: WriteHeader, body: schemas.LinkBody) -> Response:
    """Add a report to an open defect of the same location."""
    return _judge(path, header, reports.link, body.defect_number, body.reply)


def refuse_report(
    path: ReportPath, header: WriteHeader, body: schemas.ReportRefuseBody
) -> Response:
    """Decline a report, with the reason."""
    return _judge(path, header, reports.refuse, body.reply)


def get_reminders() -> Response:
    """Count what waits for the person asking."""
    actor = require_actor()
    with database().session() as session:
        return reply_document(asdict(reminders.counts(session, actor, clock.today())))


def _judge(
    path: ReportPath, header: WriteHeader, act: Callable[..., object], *given: object
) -> Response:
    """Run one judgement, once for each key; answer with the report then."""

    def judged(session: Transaction, actor: Actor) -> Json:
        act(session, actor, path.report_id, *given)
        return _document(report_queries.review(session, actor, path.report_id))

    return write(header.idempotency_key, judged)


def _receipt(found: ReportState) -> dict[str, Any]:
    at = found.reviewed_at
    return asdict(found) | {
        "received_at": found.received_at.isoformat(),
        "reviewed_at": at.isoformat() if at else None,
    }


def _document(row: Review) -> dict[str, Any]:
    report = row.report
    return {
        "id": report.id,
        "receipt": report.receipt,
        "layer": row.layer,
        "code": row.code,
        "location": row.location,
        "division_code": report.division_code,
        "category": report.category,
        "text": report.text,
        "state": report.state,
        "received_at": report.received_at.isoformat(),
        "reviewed_at": report.reviewed_at.isoformat() if report.reviewed_at else None,
        "reviewer": row.reviewer,
        "reply": report.reply,
        "defect_number": row.defect_number,
        "photos": list(row.photos),
        "invented": report.invented,
    }
