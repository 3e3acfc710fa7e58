"""Village plans, schemes and reports as plain documents."""

from __future__ import annotations

from dataclasses import asdict

from shapely.geometry import mapping

from fuliang_gis.db.base import Json
from fuliang_gis.planning.checks import Finding
from fuliang_gis.planning.listing import ListedPlan
from fuliang_gis.planning.models import PLAN_STATE_NAMES
from fuliang_gis.planning.operations import Saved
from fuliang_gis.planning.parcels import Parcel
from fuliang_gis.planning.queries import PlanRow, SchemeRow, VersionRow
from fuliang_gis.planning.repair import Moved
from fuliang_gis.planning.reports import Report
from fuliang_gis.planning.tables.goals import Reckoned


def summary(row: ListedPlan | PlanRow) -> Json:
    """Return a plan as lists tell it."""
    plan = row if isinstance(row, ListedPlan) else row.plan
    return {
        "id": plan.id,
        "division_code": plan.division_code,
        "village": row.village,
        "township": row.township,
        "title": plan.title,
        "state": plan.state,
        "state_name": PLAN_STATE_NAMES[plan.state][0],
        "schemes": row.schemes,
        "area_m2": round(row.area_m2, 2),
    }


def detail(row: PlanRow, schemes: list[SchemeRow]) -> Json:
    """Return a plan with its schemes."""
    plan = row.plan
    return {
        **summary(row),
        "version": plan.version,
        "base_year": plan.base_year,
        "target_year": plan.target_year,
        "edition": plan.edition,
        "profile": plan.profile,
        "population": plan.population,
        "invented": plan.invented,
        "schemes": [scheme(each) for each in schemes],
    }


def scheme(row: SchemeRow) -> Json:
    """Return a scheme; its version is the newest."""
    return {
        "id": row.scheme.id,
        "plan_id": row.scheme.plan_id,
        "title": row.scheme.title,
        "version": row.scheme.head,
        "parcels": row.parcels,
        "chosen": row.scheme.chosen,
        "branched_from": row.scheme.branched_from,
        "saved_at": None if row.saved_at is None else row.saved_at.isoformat(),
        "author": row.author,
    }


def saved(done: Saved) -> Json:
    """Return what a save made of what was sent."""
    differing = [p for p in done.draft.parcels.values() if done.sent.parcels.get(p.id) != p]
    return {
        "version": done.version.ordinal,
        "merged": done.merged,
        "digest": done.version.digest,
        "moved": [_moved(each) for each in done.moved],
        "parcels": [_feature(each) for each in differing],
    }


def report(told: Report) -> Json:
    """Return findings and tables."""
    return {
        "version": told.ordinal,
        "findings": [_finding(each) for each in told.findings],
        "structure": [{**asdict(row), "change_ha": row.change_ha} for row in told.structure],
        "transfers": [asdict(each) for each in told.transfers],
        "goals": [_goal(each) for each in told.goals],
    }


def version(row: VersionRow) -> Json:
    """Return one version."""
    kept = row.version
    return {
        "version": kept.ordinal,
        "digest": kept.digest,
        "message": kept.message,
        "parcels": kept.parcels,
        "changed": kept.changed,
        "author": row.author,
        "saved_at": kept.created_at.isoformat(),
    }


def _feature(parcel: Parcel) -> Json:
    said = {"code": parcel.code, "label": parcel.name, "households": parcel.households}
    return {
        "type": "Feature",
        "id": parcel.id,
        "geometry": mapping(parcel.geom),
        "properties": said,
    }


def _moved(each: Moved) -> Json:
    return {
        "parcel": each.parcel,
        "width_m": round(each.width_m, 3),
        "area_m2": round(each.area_m2, 2),
        "geometry": mapping(each.place),
    }


def _finding(each: Finding) -> Json:
    return {
        "code": each.code,
        "severity": each.severity.value,
        "zh": each.zh,
        "en": each.en,
        "parcels": each.parcels,
        "lines": each.lines,
        "article": each.article,
        "fix": each.fix,
        "area_m2": None if each.area_m2 is None else round(each.area_m2, 2),
        "geometry": None if each.place is None else mapping(each.place),
    }


def _goal(each: Reckoned) -> Json:
    goal = each.goal
    return {
        "key": goal.key,
        "zh": goal.zh,
        "unit": goal.unit,
        "binding": goal.binding,
        "stated_base": goal.base,
        "stated_target": goal.target,
        "base": each.base,
        "target": each.target,
        "kept": each.kept,
        "parcels": each.parcels,
    }
