"""Problems while their way is told: what is known of each, its measures and its steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from fuliang_gis.db.base import Json
from fuliang_gis.demo.inspections.places import Place
from fuliang_gis.demo.inspections.posts import Post
from fuliang_gis.inspections.defects.handling import SYSTEM_NAME
from fuliang_gis.inspections.defects.rules import Act, Case, MeasureFacts

_KEEPERS = {
    "villages": "县乡村振兴局",
    "water_projects": "县水利局",
    "pv_stations": "县发展和改革委员会",
    "sanitation_facilities": "县城市管理局",
    "assistance_assets": "县农业农村局",
}


@dataclass(frozen=True)
class Event:
    """One step; ``measure`` is the ordinal of the measure it was about."""

    act: Act
    at: datetime
    actor: Post | None
    actor_name: str
    text: str | None = None
    detail: Json = field(default_factory=dict)
    measure: int | None = None


@dataclass(frozen=True)
class Measure:
    """One measure as it stands."""

    ordinal: int
    text: str
    unit: str | None
    facts: MeasureFacts
    due_on: date | None = None
    feedback: str | None = None
    cost_yuan: Decimal | None = None
    fixed_at: datetime | None = None
    verified_at: datetime | None = None
    opinion: str | None = None


@dataclass
class Defect:
    """One problem while its way is told."""

    title: str
    category: str
    severity: str
    source: str
    division_code: str
    found_by: Post | None
    found_by_name: str
    found_at: datetime
    opened_at: datetime
    due_on: date
    case: Case
    measures: list[Measure]
    place: Place | None = None
    visit: str | None = None
    item: str | None = None
    aspect: str | None = None
    description: str | None = None
    lead_unit: str | None = None
    responsible_unit: str | None = None
    owner: Post | None = None
    owner_name: str | None = None
    closed_by: Post | None = None
    closed_at: datetime | None = None
    closing_note: str | None = None
    verified_at: datetime | None = None
    escalated_to: str | None = None
    escalated_at: datetime | None = None
    events: list[Event] = field(default_factory=list)
    number: str = ""

    @property
    def cost_yuan(self) -> Decimal | None:
        """What its measures cost together [yuan]."""
        costs = [each.cost_yuan for each in self.measures if each.cost_yuan is not None]
        return sum(costs, Decimal()) if costs else None

    @property
    def version(self) -> int:
        """One, and one for each act that changed it."""
        kept = (Act.FIND, Act.COMMENT)
        sent_back = sum(bool(e.detail.get("sent_back")) for e in self.events)
        return 1 + sum(each.act not in kept for each in self.events) - sent_back

    def told(
        self,
        act: Act,
        at: datetime,
        actor: Post | None,
        text: str | None = None,
        detail: Mapping[str, object] | None = None,
        measure: int | None = None,
    ) -> None:
        """Add a step."""
        name = actor.name if actor else SYSTEM_NAME
        self.events.append(Event(act, at, actor, name, text, dict(detail or {}), measure))


def opened(title: str, texts: Sequence[str], unit: str | None, **given: object) -> Defect:
    """Return a problem as it is found, with one open measure a text."""
    facts = tuple(MeasureFacts(n) for n in range(1, len(texts) + 1))
    measures = [
        Measure(each.key, text, unit, each) for each, text in zip(facts, texts, strict=True)
    ]
    case = Case(title, "found", facts)
    return Defect(title=title, case=case, measures=measures, **given)  # type: ignore[arg-type]


def lead_unit(place: Place | None) -> str:
    """Return the county's office that looks after a layer."""
    return _KEEPERS[place.layer] if place else "县乡村振兴局"
