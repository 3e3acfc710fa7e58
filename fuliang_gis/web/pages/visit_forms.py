"""The form of a visit: what is asked, what was sent, and what was wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from fuliang_gis import clock
from fuliang_gis.errors import (
    BadRequest,
    FileRefused,
    FuliangError,
    Invalid,
    OutsideDivision,
    Problem,
    TooLarge,
    VisitDiffers,
    WrongState,
)
from fuliang_gis.inspections.models import Visit
from fuliang_gis.inspections.visits.checklist import Asked
from fuliang_gis.inspections.visits.places import place_of
from fuliang_gis.inspections.visits.rules import Answer, Given, Position, Read

#: Refusals that are told inside the form, with everything that was filled in.
CORRECTABLE = (
    *(Invalid, OutsideDivision, VisitDiffers, WrongState),
    *(FileRefused, TooLarge, BadRequest),
)
_LONGEST = 4000


@dataclass(frozen=True)
class VisitForm:
    """One form: the visit's number, what stands in it, and the faults by field."""

    asked: Asked
    uuid: UUID
    purpose: str
    values: Mapping[str, str] = field(default_factory=dict)
    faults: Sequence[Problem] = ()
    refusal: str | None = None

    def value(self, name: str) -> str:
        """Return what stands in a field."""
        return self.values.get(name, "")

    def fault(self, name: str) -> str | None:
        """Return what is wrong with a field."""
        return next((each.zh for each in self.faults if each.field == name), None)

    @property
    def other_faults(self) -> list[str]:
        """What is wrong with no field of the page."""
        shown = {f"answers.{item.name}" for item in self.asked.checklist}
        shown |= {f"readings.{item.name}" for item in self.asked.readings}
        shown |= {"note", "off_site_reason", "visited_at", "use_status", "reason"}
        return [each.zh for each in self.faults if each.field not in shown]


def empty(asked: Asked, purpose: str, use_status: str) -> VisitForm:
    """Return the form before anything is filled in."""
    return VisitForm(asked, uuid4(), purpose, {"use_status": use_status})


def of_visit(asked: Asked, visit: Visit) -> VisitForm:
    """Return the form of a correction, with what the visit tells."""
    place = place_of(visit)
    values: dict[str, object] = {
        "visited_at": f"{visit.visited_at.astimezone(clock.ZONE):%Y-%m-%dT%H:%M}",
        "lon": place[0] if place else "",
        "lat": place[1] if place else "",
        "accuracy": visit.accuracy_m if visit.accuracy_m is not None else "",
        **{f"answer.{each['name']}": each["answer"] for each in visit.answers},
        **{f"note.{each['name']}": each["note"] or "" for each in visit.answers},
        **{f"reading.{each['name']}": f"{each['value']:.10g}" for each in visit.readings},
        **{
            name: getattr(visit, name) or ""
            for name in ("condition", "use_status", "note", "off_site_reason")
        },
    }
    return VisitForm(asked, uuid4(), visit.purpose, {k: str(v) for k, v in values.items()})


def again(asked: Asked, purpose: str, sent: Mapping[str, str], refusal: FuliangError) -> VisitForm:
    """Return the form as it was sent, with what was wrong."""
    values = {name: value[:_LONGEST] for name, value in sent.items()}
    uuid = _uuid(sent.get("uuid", ""))
    if isinstance(refusal, Invalid):
        return VisitForm(asked, uuid, purpose, values, refusal.problems)
    return VisitForm(asked, uuid, purpose, values, (), refusal.text_zh)


def given(
    layer: str, code: str, asked: Asked, sent: Mapping[str, str], kept: Visit | None = None
) -> Given:
    """Read a sent form; ``kept`` is the visit that it corrects, whose exact time and place stay.

    Raises:
        Invalid: A number or a time cannot be read.
    """
    problems: list[Problem] = []
    readings = [
        Read(item.name, value)
        for item in asked.readings
        if (value := _number(sent, f"reading.{item.name}", f"readings.{item.name}", problems))
        is not None
    ]
    answers = [
        Answer(item.name, answer, sent.get(f"note.{item.name}"))
        for item in asked.checklist
        if (answer := sent.get(f"answer.{item.name}"))
    ]
    made = Given(
        uuid=_uuid(sent.get("uuid", "")),
        layer=layer,
        code=code,
        purpose=sent.get("purpose", "routine"),
        visited_at=_moment(sent.get("visited_at", ""), problems, kept),
        position=_position(sent, problems),
        off_site_reason=sent.get("off_site_reason"),
        answers=answers,
        readings=readings,
        condition=sent.get("condition") or None,
        use_status=sent.get("use_status") or None,
        note=sent.get("note"),
    )
    if problems:
        raise Invalid(problems)
    return made


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return uuid4()


def _number(
    sent: Mapping[str, str], name: str, field_name: str, problems: list[Problem]
) -> float | None:
    text = sent.get(name, "").strip()
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        told = ("请填写数字。", "A number is wanted.")
        problems.append(Problem("not_a_number", *told, field_name))
        return None


def _moment(text: str, problems: list[Problem], kept: Visit | None) -> datetime | None:
    if not text:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        told = ("时间格式有误，应如 2026-01-31 09:30。", "The time cannot be read.")
        problems.append(Problem("bad_time", *told, "visited_at"))
        return None
    at = read if read.tzinfo else read.replace(tzinfo=clock.ZONE)
    # The form shows minutes; what was not touched keeps its seconds.
    same = kept is not None and kept.visited_at.replace(second=0, microsecond=0) == at
    return kept.visited_at if kept is not None and same else at


def _position(sent: Mapping[str, str], problems: list[Problem]) -> Position | None:
    lon = _number(sent, "lon", "position", problems)
    lat = _number(sent, "lat", "position", problems)
    if lon is None or lat is None:
        return None
    return Position(lon, lat, _number(sent, "accuracy", "position", problems))
