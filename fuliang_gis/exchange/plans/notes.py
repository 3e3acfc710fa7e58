"""What reading or writing a plan's file has to tell, row by row, with stable codes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fuliang_gis.errors import Invalid, Problem


class NoteCode(StrEnum):
    """Every kind of note; whatever a file loses or changes is one of these."""

    # The file as a whole.
    CRS_TAKEN = "crs_taken"
    ENCODING_TAKEN = "encoding_taken"
    LAYER_UNUSED = "layer_unused"
    FIELDS_UNUSED = "fields_unused"
    FIELD_CHOSEN = "field_chosen"
    OUTSIDE_COUNTY = "outside_county"
    AREA_UNIT = "area_unit"
    ENTITIES_UNUSED = "entities_unused"
    DRAWING_REPAIRED = "drawing_repaired"
    # One row.
    NO_GEOMETRY = "no_geometry"
    NOT_AN_AREA = "not_an_area"
    INVALID_GEOMETRY = "invalid_geometry"
    RING_CLOSED = "ring_closed"
    MULTI_PART = "multi_part"
    Z_DROPPED = "z_dropped"
    ARC_FLATTENED = "arc_flattened"
    LAYER_MOVED = "layer_moved"
    NOT_CLOSED = "not_closed"
    HOLE_BY_NESTING = "hole_by_nesting"
    COUNT_DIFFERS = "count_differs"
    NO_ID = "no_id"
    DUPLICATE_ID = "duplicate_id"
    DUPLICATE_GEOMETRY = "duplicate_geometry"
    NO_CODE = "no_code"
    CODE_PADDED = "code_padded"
    UNKNOWN_CODE = "unknown_code"
    TRANSLATED = "translated"
    CHOOSE_CODE = "choose_code"
    BAD_NUMBER = "bad_number"
    # Writing.
    NOT_HELD = "not_held"
    TEXT_CHANGED = "text_changed"


@dataclass(frozen=True)
class Note:
    """One thing to know of a file; ``row`` counts from 1 within its layer, ``parcel`` is the id."""

    code: NoteCode
    zh: str
    en: str
    layer: str = ""
    row: int | None = None
    parcel: str = ""
    value: str = ""


def refusal(code: str, zh: str, en: str, field: str = "file") -> Invalid:
    """Return the refusal of a file: what is wrong, and what to do."""
    return Invalid([Problem(code, zh, en, field)])
