"""Every layer refuses values that cannot be, and reads values as people write them."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.errors import Invalid
from fuliang_gis.locations import operations
from fuliang_gis.locations.checks import check_values, writable_fields
from fuliang_gis.locations.queries import get
from fuliang_gis.locations.records import as_record
from fuliang_gis.locations.registry import Layer
from fuliang_gis.locations.sheets import Field
from tests.factories import make_location, point, sample_value, sample_values

FULL_WIDTH = str.maketrans("0123456789.", "０１２３４５６７８９．")


def problem_codes(layer: Layer, **changed: object) -> dict[str | None, str]:
    """Return problem code by field for the sample values with some changed."""
    checked = check_values(layer, sample_values(layer) | changed, current=None)
    return {problem.field: problem.code for problem in checked.problems}


def applying(layer: Layer) -> list[Field]:
    """Return the fields that the sample's kind carries."""
    kind = layer.sheet.kinds[0].value if layer.sheet.kinds else None
    return [field for field in writable_fields(layer) if field.applies_to(kind)]


def test_what_is_stored_is_what_was_given(layer: Layer, clerk: Actor, session: Session) -> None:
    """Every value comes back as given."""
    given = sample_values(layer)
    location = make_location(session, clerk, layer, **given)
    session.expire_all()
    record = as_record(layer, get(session, clerk, layer.name, location.code))
    assert {name: record[name] for name in given} == given
    assert record["geom"] == {"type": "Point", "coordinates": tuple(point()["coordinates"])}


def test_missing_required_values_are_named(layer: Layer) -> None:
    """Nothing given: every required field is named, and no other."""
    checked = check_values(layer, {}, current=None)
    required = {field.name for field in writable_fields(layer) if field.required}
    assert {p.field for p in checked.problems if p.code == "required"} == required


def test_values_of_another_type_are_named(layer: Layer) -> None:
    """A value that does not read as its type is refused with its own code."""
    expected = {
        "integer": "not_number",
        "decimal": "not_number",
        "date": "not_date",
        "boolean": "not_boolean",
        "choice": "not_a_choice",
        "choices": "not_a_choice",
    }
    for field in applying(layer):
        if field.type != "text":
            found = problem_codes(layer, **{field.name: "不是这个"})
            assert found[field.name] == expected[field.type], field.name


def test_implausible_numbers_are_refused(layer: Layer) -> None:
    """The plausible range of the sheet holds at both ends."""
    for field in applying(layer):
        if field.minimum is not None:
            assert (
                problem_codes(layer, **{field.name: field.minimum - 1})[field.name]
                == "out_of_range"
            )
        if field.maximum is not None:
            assert (
                problem_codes(layer, **{field.name: field.maximum + 1})[field.name]
                == "out_of_range"
            )


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e999999", True, [], {}, "１２３x"])
def test_numbers_that_are_none_are_refused(layer: Layer, value: object) -> None:
    """What Python would take for a number is not always one."""
    for field in applying(layer):
        if field.type in ("integer", "decimal"):
            assert problem_codes(layer, **{field.name: value})[field.name] in {
                "not_number",
                "out_of_range",
            }


def test_full_width_digits_labels_and_spaces_are_understood(layer: Layer) -> None:
    """People type ３２０ and choose by label; both mean what they say."""
    for field in applying(layer):
        value = sample_value(field)
        written = {
            "integer": f" {value} ".translate(FULL_WIDTH),
            "decimal": f"{value}".translate(FULL_WIDTH),
            "boolean": "是",
            "date": "2022年10月31日",
            "choice": field.choices[0].zh if field.choices else None,
            "choices": "、".join(choice.zh for choice in field.choices[:2]),
        }.get(field.type)
        if written is not None:
            assert problem_codes(layer, **{field.name: written}) == {}, field.name


def test_unknown_fields_are_refused(layer: Layer) -> None:
    """A misspelt field is named rather than dropped."""
    assert problem_codes(layer, no_such_field=1) == {"no_such_field": "unknown_field"}


def test_fields_of_another_kind_are_refused(layer: Layer) -> None:
    """A value that does not apply to the kind is named."""
    for field in layer.sheet.fields:
        if field.kinds and not field.applies_to(layer.sheet.kinds[0].value):
            assert problem_codes(layer, **{field.name: sample_value(field)}) == {
                field.name: "not_applicable"
            }


@pytest.mark.parametrize(
    ("geometry", "code"),
    [
        (point(29.376, 117.247), "swapped_axes"),
        (point(116.4, 39.9), "outside_county"),
        (point(float("nan"), 29.3), "empty_geometry"),
        ({"type": "Point", "coordinates": []}, "empty_geometry"),
        ({"type": "MultiPoint", "coordinates": [[117.2, 29.3]]}, "geometry_type"),
        ({"type": "Nonsense"}, "bad_geometry"),
        ("not json", "bad_geometry"),
        (None, "bad_geometry"),
        ({}, "bad_geometry"),
    ],
)
def test_places_that_cannot_be_are_refused(
    layer: Layer, clerk: Actor, session: Session, geometry: object, code: str
) -> None:
    """A wrong place is told from a wrong order of its numbers."""
    with pytest.raises(Invalid) as refused:
        operations.create(session, clerk, layer.name, sample_values(layer), geometry)
    assert [(p.field, p.code) for p in refused.value.problems] == [("geom", code)]


def test_a_crossing_outline_is_refused(layer: Layer, clerk: Actor, session: Session) -> None:
    """A bow tie has no area anyone could inspect."""
    ring = [[117.2, 29.3], [117.3, 29.4], [117.3, 29.3], [117.2, 29.4], [117.2, 29.3]]
    bow_tie = {"type": "Polygon", "coordinates": [ring]}
    expected = {"invalid_geometry"} if "Polygon" in layer.sheet.geometry else {"geometry_type"}
    with pytest.raises(Invalid) as refused:
        operations.create(session, clerk, layer.name, sample_values(layer), bow_tie)
    assert expected <= {p.code for p in refused.value.problems}


@pytest.mark.parametrize("code", ["new", "in-view", "export.csv", "a/b", "<b>", "-1", "x" * 65])
def test_codes_that_no_address_could_name_are_refused(layer: Layer, code: str) -> None:
    """Each location has a page of its own, whose address holds the code."""
    assert problem_codes(layer, code=code) == {"code": "bad_code"}
