"""Analyses of a plan's services as documents of the API."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from shapely.geometry import mapping

from fuliang_gis.db.base import Json
from fuliang_gis.planning.models import VillagePlan
from fuliang_gis.planning.projects.models import PlanProject
from fuliang_gis.planning.services.coverage import Coverage
from fuliang_gis.planning.services.pv import Yield
from fuliang_gis.planning.serving import Ground
from fuliang_gis.planning.siting import Site, Siting

#: Decimals of minutes, shares, and places that are only shown [m].
_MINUTES, _SHARE, _PLACE = 2, 4, 1


def sums(found: Coverage) -> Json:
    """Tell the sums of who is reached."""
    return {
        "households": found.households,
        "covered": found.covered,
        "share": round(found.share, _SHARE),
        "straight_covered": found.straight_covered,
        "straight_share": round(found.straight_share, _SHARE),
        "mean_minutes": _minutes(found.mean_minutes),
    }


def coverage(ground: Ground, version: int) -> Json:
    """Tell who is reached, home by home."""
    found, asked = ground.coverage, ground.asked
    keys = [each.key for each in ground.facilities]
    area = shapely.transform(ground.area(), lambda places: np.round(places, _PLACE))
    return {
        "service": asked.service,
        "mode": asked.mode,
        "minutes": asked.minutes,
        "year": asked.year,
        "version": version,
        **sums(found),
        "facilities": [
            {
                "key": each.key,
                "name": each.name,
                "origin": each.origin,
                "x": round(each.x, _PLACE),
                "y": round(each.y, _PLACE),
                "households": load,
            }
            for each, load in zip(ground.facilities, found.load, strict=True)
        ],
        "homesteads": [
            {
                "parcel": reach.demand.parcel,
                "name": reach.demand.name,
                "x": round(reach.demand.x, _PLACE),
                "y": round(reach.demand.y, _PLACE),
                "households": reach.demand.households,
                "estimated": reach.demand.estimated,
                "minutes": _minutes(reach.minutes),
                "straight": _minutes(reach.straight),
                "facility": None if reach.facility is None else keys[reach.facility],
            }
            for reach in found.reaches
        ],
        "area": mapping(area),
    }


def siting(found: Siting) -> Json:
    """Tell which sites were chosen, and what they change."""
    return {
        "service": found.ground.asked.service,
        "model": found.model,
        "candidates": found.candidates,
        "optimal": found.optimal,
        "before": sums(found.ground.coverage),
        "after": sums(found.after),
        "sites": [_site(each) for each in found.sites],
        "out_of_reach": [each.parcel for each in found.out_of_reach],
    }


def pv(found: Yield) -> Json:
    """Tell an estimate of a station's yield."""
    return {
        "year_kwh": round(found.year, 1),
        "specific": round(found.specific, 1),
        "months_kwh": [round(each, 1) for each in found.months],
        "irradiation": [round(each, 1) for each in found.irradiation],
    }


def _site(site: Site) -> Json:
    candidate = site.candidate
    return {
        "parcel": candidate.parcel,
        "use_code": candidate.use_code,
        "x": round(candidate.x, 2),
        "y": round(candidate.y, 2),
        "kind": candidate.kind,
        "permits": list(candidate.permits),
        "households": site.households,
        "mean_minutes": _minutes(site.mean_minutes),
        "homesteads": list(site.parcels),
    }


def _minutes(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), _MINUTES)


def adopted(plan: VillagePlan, made: Sequence[PlanProject]) -> Json:
    """Tell the rows of the table of projects that sites became, and the plan's row version."""
    rows = [
        {
            "id": each.id,
            "ordinal": each.ordinal,
            "kind": each.kind,
            "name": each.name,
            "parcel": each.parcel,
            "remark": each.remark,
            "facility": each.facility_id,
        }
        for each in made
    ]
    return {"version": plan.version, "projects": rows}
