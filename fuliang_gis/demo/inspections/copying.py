"""Bring the invented year into the database by COPY."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from uuid import UUID

import numpy as np
import psycopg
import shapely
from psycopg.types.json import Jsonb

from fuliang_gis.db.base import SRID
from fuliang_gis.db.bulk import copy, new_ids
from fuliang_gis.demo.inspections.defects import Defect, Measure
from fuliang_gis.demo.inspections.disposals import Disposal
from fuliang_gis.demo.inspections.pictures import Shown
from fuliang_gis.demo.inspections.reports import Report
from fuliang_gis.demo.inspections.schedule import Task
from fuliang_gis.demo.inspections.visits import Visit

#: One row by column.
Record = dict[str, object]


def copy_visits(connection: psycopg.Connection, visits: Sequence[Visit]) -> dict[UUID, int]:
    """Write every version of every visit; return its id by UUID."""
    ids = dict(
        zip((v.uuid for v in visits), new_ids(connection, "visit", len(visits)), strict=True)
    )
    seen = [v.position or (0.0, 0.0) for v in visits]
    points = shapely.set_srid(shapely.points(np.array(seen).reshape(-1, 2)), SRID)
    shapes = shapely.to_wkb(points, hex=True, include_srid=True)
    rows = (_visit(v, ids, str(shape)) for v, shape in zip(visits, shapes, strict=True))
    _copy(connection, "visit", rows)
    return ids


def _visit(visit: Visit, ids: Mapping[UUID, int], shape: str) -> Record:
    given, checked, place = visit.finding.given, visit.finding.checked, visit.place
    return {
        "id": ids[visit.uuid],
        "uuid": visit.uuid,
        "location_id": place.id,
        "division_code": place.division_code,
        "purpose": given.purpose,
        "inspector_id": visit.inspector.id,
        "inspector_name": visit.inspector.name,
        "visited_at": visit.visited_at,
        "received_at": visit.received_at,
        "geom": shape if visit.position else None,
        "accuracy_m": visit.accuracy_m,
        "distance_m": visit.distance_m,
        "off_site": visit.off_site,
        "off_site_reason": visit.off_site_reason,
        "answers": Jsonb(checked.answers),
        "readings": Jsonb(checked.readings),
        "result": checked.result,
        "condition": given.condition,
        "use_status": given.use_status,
        "note": given.note,
        "revision": visit.revision,
        "revises_id": ids[visit.revises] if visit.revises else None,
        "revision_reason": visit.revision_reason,
        "superseded_at": visit.superseded_at,
        "invented": True,
    }


def copy_obligations(
    connection: psycopg.Connection,
    tasks: Sequence[Task],
    visits: Mapping[int, int],
    excused_by: Mapping[str, int],
) -> None:
    """Write obligations; ``visits`` gives the id of the visit that answers a call."""
    rows = (
        _obligation(
            task,
            visits[task.call] if task.call is not None else None,
            excused_by[task.place.township] if task.excuse else None,
        )
        for task in tasks
    )
    _copy(connection, "obligation", rows)


def _obligation(task: Task, visit: int | None, excused_by: int | None) -> Record:
    duty, place = task.duty, task.place
    return {
        "location_id": place.id,
        "division_code": place.division_code,
        "layer": place.layer,
        "kind": place.kind,
        "asset_class": place.asset_class,
        "purpose": duty.purpose,
        "rule_id": duty.rule_id,
        "exception_id": duty.exception_id,
        "period": duty.period.value,
        "period_start": duty.span.start,
        "period_end": duty.span.end,
        "ordinal": duty.ordinal,
        "opens_on": duty.opens_on,
        "warn_on": duty.warn_on,
        "due_on": duty.due_on,
        "planned_on": task.planned_on,
        "assignee_id": task.assignee.id if task.assignee else None,
        "state": task.state,
        "visit_id": visit,
        "done_on": task.done_on,
        "excuse": task.excuse,
        "excused_by": excused_by,
        "invented": True,
    }


def copy_defects(
    connection: psycopg.Connection, defects: Sequence[Defect], visits: Mapping[str, int]
) -> list[int]:
    """Write problems with measures and events; return their ids. ``visits`` are ids by UUID."""
    ids = new_ids(connection, "defect", len(defects))
    both = list(zip(ids, defects, strict=True))
    _copy(connection, "defect", (_defect(i, each, visits) for i, each in both))
    measures = [(i, each, measure) for i, each in both for measure in each.measures]
    keys = new_ids(connection, "defect_measure", len(measures))
    named = {(i, measure.ordinal): key for key, (i, _, measure) in zip(keys, measures, strict=True)}
    _copy(
        connection,
        "defect_measure",
        (_measure(named[i, m.ordinal], i, each, m) for i, each, m in measures),
    )
    _copy(connection, "defect_event", _events(both, named))
    return ids


def _defect(number: int, defect: Defect, visits: Mapping[str, int]) -> Record:
    return {
        "id": number,
        "number": defect.number,
        "location_id": defect.place.id if defect.place else None,
        "division_code": defect.division_code,
        "aspect": defect.aspect,
        "title": defect.title,
        "description": defect.description,
        "category": defect.category,
        "severity": defect.severity,
        "source": defect.source,
        "visit_id": visits[defect.visit] if defect.visit else None,
        "checklist_item": defect.item,
        "state": defect.case.state,
        "lead_unit": defect.lead_unit,
        "responsible_unit": defect.responsible_unit,
        "owner_id": defect.owner.id if defect.owner else None,
        "owner_name": defect.owner_name,
        "due_on": defect.due_on,
        "found_by": defect.found_by.id if defect.found_by else None,
        "found_by_name": defect.found_by_name,
        "found_at": defect.found_at,
        "verified_at": defect.verified_at,
        "closed_by": defect.closed_by.id if defect.closed_by else None,
        "closed_at": defect.closed_at,
        "closing_note": defect.closing_note,
        "cost_yuan": defect.cost_yuan,
        "rejections": defect.case.rejections,
        "reopenings": defect.case.reopenings,
        "escalated_to": defect.escalated_to,
        "escalated_at": defect.escalated_at,
        "invented": True,
        "version": defect.version,
        "updated_at": defect.events[-1].at,
    }


def _measure(key: int, number: int, defect: Defect, measure: Measure) -> Record:
    facts = measure.facts
    return {
        "id": key,
        "defect_id": number,
        "division_code": defect.division_code,
        "ordinal": measure.ordinal,
        "text": measure.text,
        "responsible_unit": measure.unit,
        "due_on": measure.due_on,
        "state": facts.state,
        "feedback": measure.feedback,
        "cost_yuan": measure.cost_yuan,
        "fixed_by": facts.fixed_by,
        "fixed_at": measure.fixed_at,
        "verified_by": facts.verified_by,
        "verified_at": measure.verified_at,
        "opinion": measure.opinion,
        "rejections": facts.rejections,
    }


def _events(
    both: Iterable[tuple[int, Defect]], named: Mapping[tuple[int, int], int]
) -> Iterator[Record]:
    for number, defect in both:
        for event in defect.events:
            yield {
                "defect_id": number,
                "measure_id": named[number, event.measure] if event.measure else None,
                "division_code": defect.division_code,
                "action": event.act.value,
                "actor_id": event.actor.id if event.actor else None,
                "actor_name": event.actor_name,
                "at": event.at,
                "text": event.text,
                "detail": Jsonb(event.detail),
            }


def copy_disposals(connection: psycopg.Connection, disposals: Sequence[Disposal]) -> list[int]:
    """Write disposals; return their ids."""
    ids = new_ids(connection, "disposal", len(disposals))
    _copy(
        connection,
        "disposal",
        (
            {
                "id": number,
                "location_id": d.place.id,
                "division_code": d.place.division_code,
                "act": d.act,
                "way": d.way,
                "class": d.class_,
                "trigger": d.trigger,
                "proposal": d.proposal,
                "state": d.state,
                "proposed_by": d.proposed_by.id,
                "proposed_at": d.proposed_at,
                "decided_by": d.decided_by.id if d.decided_by else None,
                "decided_at": d.decided_at,
                "approval_no": d.approval_no,
                "opinion": d.opinion,
                "done_on": d.done_on,
                "income_yuan": d.income_yuan,
                "result": d.result,
                "invented": True,
                "version": d.version,
                "updated_at": d.updated_at,
            }
            for number, d in zip(ids, disposals, strict=True)
        ),
    )
    return ids


def copy_reports(
    connection: psycopg.Connection, reports: Sequence[Report], defects: Mapping[str, int]
) -> list[int]:
    """Write reports of the public; return their ids. ``defects`` are ids by number."""
    ids = new_ids(connection, "problem_report", len(reports))
    _copy(
        connection,
        "problem_report",
        (
            {
                "id": number,
                "location_id": r.place.id,
                "division_code": r.place.division_code,
                "receipt": r.receipt,
                "category": r.category,
                "text": r.text,
                "state": r.state,
                "received_at": r.received_at,
                "reviewed_by": r.reviewed_by.id if r.reviewed_by else None,
                "reviewed_at": r.reviewed_at,
                "reply": r.reply,
                "defect_id": defects[r.defect.number] if r.defect else None,
                "invented": True,
            }
            for number, r in zip(ids, reports, strict=True)
        ),
    )
    return ids


def copy_attachments(connection: psycopg.Connection, shown: Iterable[Shown]) -> None:
    """Tie pictures to what they show; each belongs to exactly one thing, by its id."""
    _copy(connection, "attachment", (_attachment(each) for each in shown))


def _attachment(shown: Shown) -> Record:
    kept = shown.kept
    return {
        "division_code": shown.division_code,
        "role": shown.role,
        "digest": kept.digest,
        "mime": kept.mime,
        "size": kept.size,
        "width": kept.width,
        "height": kept.height,
        "taken_at": kept.taken_at,
        "exif": Jsonb(dict(kept.exif)),
        "caption": shown.caption,
        "visit_id": shown.visit_id,
        "defect_id": shown.defect_id,
        "report_id": shown.report_id,
        "disposal_id": shown.disposal_id,
        "uploaded_by": shown.uploaded_by.id if shown.uploaded_by else None,
        "uploaded_at": shown.uploaded_at,
        "invented": True,
    }


def first_numbers(connection: psycopg.Connection) -> dict[int, int]:
    """Return the highest number of problems of each year that are there already."""
    query = """select substring(number from 4 for 4)::int, max(substring(number from 9)::bigint)
        from defect where number ~ '^WT-[0-9]{4}-[0-9]+$' group by 1"""
    return {year: int(number) for year, number in connection.execute(query)}


def ended_on(disposals: Iterable[Disposal]) -> dict[int, date]:
    """Return the day from which on disposed assets are no longer inspected, by location."""
    return {
        d.place.id: d.done_on
        for d in disposals
        if d.done_on is not None and d.place.use_status == "disposed"
    }


def _copy(connection: psycopg.Connection, table: str, records: Iterable[Record]) -> None:
    rows = list(records)
    if rows:
        copy(connection, table, list(rows[0]), (list(row.values()) for row in rows))
