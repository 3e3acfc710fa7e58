"""What the page of a plan's services is asked for, as its address and forms carry it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from flask import request
from werkzeug.datastructures import MultiDict

from fuliang_gis.geo import crs
from fuliang_gis.planning.services.norms import service_norms
from fuliang_gis.planning.services.pv import Station, pv_norms
from fuliang_gis.planning.services.siting import MODELS, Model
from fuliang_gis.planning.services.ways import Mode
from fuliang_gis.planning.serving import Asked
from fuliang_gis.planning.siting import MOST_SITES, SiteTaken
from fuliang_gis.planning.sun import On, PvTaken
from fuliang_gis.web.pages.plans_asked import number, text, whole

_MODELS: dict[str, Model] = {each: each for each in MODELS}
#: Longest name of a site, as many as the table of projects keeps.
LONGEST_NAME = 60


@dataclass(frozen=True)
class Chosen:
    """What is looked at; ``model`` is empty while no sites are looked for."""

    asked: Asked
    model: Model | None
    sites: int
    permits: bool
    page: int

    def kept(self, **changed: object) -> dict[str, object]:
        """Return what the address carries, with something changed."""
        asked: dict[str, object] = {
            "service": self.asked.service,
            "mode": self.asked.mode,
            "minutes": self.asked.minutes,
            "year": self.asked.year,
            "proposed": "1" if self.asked.with_proposed else "0",
            "model": self.model or "",
            "sites": self.sites if self.model else "",
            "permits": "1" if self.permits else "",
            "page": self.page if self.page > 1 else "",
        }
        return {name: value for name, value in (asked | changed).items() if value != ""}


def chosen() -> Chosen:
    """Read the address; what cannot be is taken for what is usual."""
    norms = service_norms()
    service = text("service")
    mode: Mode = "drive" if text("mode") == "drive" else "walk"
    minutes = whole(text("minutes")) or norms.minutes.usual
    asked = Asked(
        service if service in norms.services else "toilet",
        mode,
        min(max(minutes, norms.minutes.least), norms.minutes.most),
        "base" if text("year") == "base" else "target",
        text("proposed") != "0",
    )
    sites = min(whole(text("sites")) or 1, MOST_SITES)
    return Chosen(
        asked, _MODELS.get(text("model")), sites, text("permits") == "1", whole(text("page")) or 1
    )


@dataclass(frozen=True)
class Sun:
    """A PV station as the form has it: texts as typed, and the station that they make."""

    typed: dict[str, str]
    station: Station


def sun(x: float, y: float, form: MultiDict[str, str] | None = None) -> Sun:
    """Read a PV station at a plane place [m]; what is missing is usual, what is no number none.

    It stands in the address, or in a form.
    """
    usual = {name: f"{bounds.usual:g}" for name, bounds in pv_norms().bounds.items()}
    # People write losses in percent.
    usual["losses"] = f"{pv_norms().bounds['losses'].usual * 100:g}"
    typed = {name: text(name, form) or value for name, value in usual.items()}
    read = {name: number(value) for name, value in typed.items()}
    values = {name: float("nan") if value is None else value for name, value in read.items()}
    values["losses"] /= 100
    lon, lat = crs.to_geographic(np.array([[x, y]]))[0]
    return Sun(typed, replace(Station(0, 0, 0, 0, float(lat), float(lon)), **values))


@dataclass(frozen=True)
class Taking:
    """The form that takes an estimate up: texts as typed, and the station that they make."""

    typed: dict[str, str]
    taken: PvTaken


def pv_taken() -> Taking:
    """Read the form that takes an estimate of PV yield up."""
    form = request.form
    typed = {name: text(name, form) for name in ("name", "on", "parcel")}
    typed["name"] = typed["name"][:LONGEST_NAME]
    station = sun(0.0, 0.0, form).station
    on: On = "ground" if typed["on"] == "ground" else "roof"
    angles = (station.kw, station.tilt, station.azimuth, station.losses)
    return Taking(typed, PvTaken(typed["name"], typed["parcel"], on, *angles))


def sites_taken() -> tuple[str, int, list[SiteTaken]]:
    """Read service, minutes and the ticked sites of the form that takes sites up."""
    form = request.form
    service, minutes = text("service", form), whole(text("minutes", form)) or 0
    found = []
    for key in form.getlist("pick")[:MOST_SITES]:
        x, y = number(text(f"x-{key}", form)), number(text(f"y-{key}", form))
        name = text(f"name-{key}", form)[:LONGEST_NAME]
        homes = whole(text(f"households-{key}", form)) or 0
        found.append(SiteTaken(name, text(f"parcel-{key}", form), x or 0.0, y or 0.0, homes))
    return service, minutes, found
