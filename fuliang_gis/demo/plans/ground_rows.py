"""Rows of a plan, its base year and its schemes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta

from psycopg.types.json import Jsonb

from fuliang_gis.demo.plans.copying import VOTED_VERSION, Pen, Record, as_hex, multi
from fuliang_gis.demo.plans.story import approval_number, notice_until
from fuliang_gis.planning.drafts import digest
from fuliang_gis.planning.parcels import Parcel

_TARGET_YEAR = 2035
#: A version: its message, the parcels, days after the plan was begun.
Version = tuple[str, Mapping[str, Parcel], int]


def write_ground(pen: Pen) -> None:
    """Write a plan with its base year, control lines and schemes."""
    base = pen.village.base
    pen.copy("village_plan", [_plan_row(pen)])
    pen.copy(
        "plan_base_parcel",
        [
            {**pen.shared, "name": p.id, "use_code": p.code, "geom": as_hex(p.geom)}
            for p in base.parcels.values()
        ],
    )
    pen.copy(
        "plan_control_line",
        [
            {
                **pen.shared,
                "name": line.id,
                "line_code": line.code,
                "label": line.name,
                "geom": as_hex(multi(line.geom)),
            }
            for line in base.lines
        ],
    )
    _write_schemes(pen)
    if pen.acts:
        # Only now is there a scheme to name.
        pen.connection.execute(
            "update village_plan set frozen_scheme = %s, frozen_ordinal = %s where id = %s",
            [pen.schemes[0], VOTED_VERSION, pen.plan],
        )


def _plan_row(pen: Pen) -> Record:
    village = pen.village
    days = {act.kind: act.held_on for act in pen.acts}
    notice, approved = days.get("notice"), days.get("approve")
    base_year = pen.begun.year - 1
    return {
        "id": pen.plan,
        "division_code": village.site.code,
        "title": f"{village.site.place}村庄规划（{base_year}—{_TARGET_YEAR}年，示意）",
        "base_year": base_year,
        "target_year": _TARGET_YEAR,
        "edition": "2023",
        "profile": "jiangxi",
        "boundary": as_hex(multi(village.base.boundary)),
        "population": village.start.population,
        "notice_from": notice,
        "notice_until": notice_until(notice) if notice else None,
        "approval_number": approval_number(approved) if approved else None,
        "approved_on": approved,
        "published_on": days.get("publish"),
        "goals": Jsonb([asdict(goal) for goal in village.goals]),
        "state": village.state,
        "invented": True,
        "version": len(pen.acts) + 2,
        "created_by": pen.posts["planner"],
        "created_at": pen.begun,
    }


def _write_schemes(pen: Pen) -> None:
    village = pen.village
    base, sound = village.start.parcels, village.sound.draft.parcels
    faulty = village.faulty.draft.parcels
    first: list[Version] = [("现状", base, 1), ("布局初稿", sound, 20)]
    second: list[Version] = [("复制自方案一", sound, 21)]
    (first if village.state == "draft" else second).append(("征求意见后调整", faulty, 32))
    both = tuple(zip(pen.schemes, ("方案一", "方案二"), (first, second), strict=True))
    pen.copy(
        "plan_scheme",
        [
            {
                **pen.shared,
                "id": key,
                "title": title,
                "head": len(versions),
                "branched_from": None if key == pen.schemes[0] else pen.schemes[0],
                "chosen": key == pen.schemes[0],
            }
            for key, title, versions in both
        ],
    )
    for key, _, versions in both:
        _write_versions(pen, key, versions)


def _write_versions(pen: Pen, scheme: int, versions: Sequence[Version]) -> None:
    shared = {"scheme_id": scheme, "division_code": pen.village.site.code}
    rows: list[Record] = []
    open_rows: dict[str, Record] = {}
    before: Mapping[str, Parcel] = {}
    told: list[Record] = []
    for ordinal, (message, parcels, days) in enumerate(versions, start=1):
        changed = [p for name, p in parcels.items() if before.get(name) != p]
        gone = [name for name in before if name not in parcels]
        for name in (*gone, *(p.id for p in changed)):
            if name in open_rows:
                open_rows.pop(name)["until"] = ordinal
        for parcel in changed:
            row = {**shared, **_parcel(parcel), "since": ordinal, "until": None}
            rows.append(row)
            open_rows[parcel.id] = row
        told.append(
            {
                **shared,
                "ordinal": ordinal,
                "digest": digest(parcels),
                "message": message,
                "parcels": len(parcels),
                "changed": len(changed) + len(gone),
                "author_id": pen.posts["planner"],
                "created_at": pen.begun + timedelta(days=days, hours=6),
            }
        )
        before = parcels
    pen.copy("plan_version", told)
    pen.copy("plan_parcel", rows)


def _parcel(parcel: Parcel) -> Record:
    return {
        "name": parcel.id,
        "use_code": parcel.code,
        "label": parcel.name,
        "households": parcel.households,
        "geom": as_hex(parcel.geom),
    }
