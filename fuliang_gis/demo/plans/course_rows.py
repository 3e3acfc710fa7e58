"""Rows of how far a plan got: participation, acts, opinions, projects."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from psycopg.types.json import Jsonb

from fuliang_gis.demo.plans.copying import VOTED_VERSION, Pen, Record, as_hex, at
from fuliang_gis.demo.plans.story import (
    approval_number,
    notice_until,
    opinions,
    participation,
    projects,
)

#: What receipts are made of; nothing that is taken for something else.
_SIGNS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def write_course(pen: Pen) -> None:
    """Write what happened to a plan and what is to be built by it."""
    _write_procedure(pen)
    _write_opinions(pen)
    _write_projects(pen)


def _write_procedure(pen: Pen) -> None:
    parts = participation(pen.village, pen.acts, pen.as_of)
    keys = pen.ids("plan_participation", len(parts))
    by = pen.posts["township"]
    pen.copy(
        "plan_participation",
        [
            {
                **pen.shared,
                "id": key,
                "kind": part.kind,
                "held_on": part.held_on,
                "place": part.place,
                "entitled": part.entitled,
                "attended": part.attended,
                "in_favour": part.votes[0] if part.votes else None,
                "against": part.votes[1] if part.votes else None,
                "abstained": part.votes[2] if part.votes else None,
                "summary": part.summary,
                "recorded_by": by,
                "recorded_at": at(part.held_on, 17),
            }
            for key, part in zip(keys, parts, strict=True)
        ],
    )
    vote = next((k for k, p in zip(keys, parts, strict=True) if p.kind == "vote"), None)
    pen.copy("plan_act", [_act_row(pen, number, vote) for number in range(len(pen.acts))])


def _act_row(pen: Pen, number: int, vote: int | None) -> Record:
    act = pen.acts[number]
    details: Mapping[str, Record] = {
        "vote": {"participation": vote, "assembly": "households"},
        "notice": {"until": notice_until(act.held_on).isoformat()},
        "approve": {"number": approval_number(act.held_on)},
    }
    return {
        **pen.shared,
        "kind": act.kind,
        "from_state": act.before,
        "to_state": act.after,
        "held_on": act.held_on,
        "scheme_id": pen.schemes[0],
        "ordinal": VOTED_VERSION,
        "note": act.note,
        "detail": Jsonb(details.get(act.kind, {})),
        "actor_id": pen.posts[act.by],
        "at": at(act.held_on, 16),
    }


def _write_opinions(pen: Pen) -> None:
    notice = next((act.held_on for act in pen.acts if act.kind == "notice"), None)
    if notice is None:
        return
    sites, rows = pen.village.sound.sites, []
    for said in opinions(pen.village.state):
        came = at(notice + timedelta(days=11 - said.days), 20)
        site = sites.get(said.site)
        rows.append(
            {
                **pen.shared,
                "receipt": _receipt(pen),
                "parcel": site.id if site else None,
                "place": as_hex(site.geom.representative_point()) if site else None,
                "text": f"{said.text}（虚构）",
                "signed": said.signed,
                "state": said.state,
                "received_at": came,
                "verdict": said.verdict,
                "reply": said.reply,
                "replied_by": pen.posts["township"] if said.verdict else None,
                "replied_at": came + timedelta(days=1) if said.verdict else None,
                "invented": True,
            }
        )
    pen.copy("plan_opinion", rows)


def _receipt(pen: Pen) -> str:
    signs = "".join(_SIGNS[n] for n in pen.signs.integers(len(_SIGNS), size=10).tolist())
    return f"{signs[:5]}-{signs[5:]}"


def _write_projects(pen: Pen) -> None:
    listed = projects(pen.village)
    sites = pen.village.sound.sites
    built = [each for each in listed if each.facility and each.site in sites]
    keys = dict(zip((p.name for p in built), pen.ids("plan_facility", len(built)), strict=True))
    pen.copy(
        "plan_facility",
        [
            {
                **pen.shared,
                "id": keys[each.name],
                "kind": each.facility,
                "name": each.name,
                "geom": as_hex(sites[each.site].geom.representative_point()),
                "created_by": pen.posts["planner"],
                "created_at": pen.begun + timedelta(days=20),
            }
            for each in built
        ],
    )
    pen.copy(
        "plan_project",
        [
            {
                **pen.shared,
                "ordinal": number,
                "kind": each.kind,
                "name": each.name,
                "place": f"{pen.village.site.spoken}{each.site}处",
                "land_m2": round(sites[each.site].geom.area, 2) if each.site in sites else None,
                "floor_m2": each.floor_m2,
                "funds": each.funds,
                "source": each.source,
                "responsible": each.responsible,
                "cooperating": each.cooperating,
                "manner": each.manner,
                "remark": "虚构",
                "parcel": sites[each.site].id if each.site in sites else None,
                "facility_id": keys.get(each.name),
            }
            for number, each in enumerate(listed, start=1)
        ],
    )
