"""Every layer's sheet is complete: readable labels, an icon, distinguishable kinds."""

from __future__ import annotations

import re

from sqlalchemy import inspect

from fuliang_gis.locations.checks import writable_fields
from fuliang_gis.locations.registry import Layer
from fuliang_gis.material import MAPS


def test_every_label_is_chinese_and_unique(layer: Layer) -> None:
    """People tell fields apart by their labels alone."""
    labels = [field.label.zh for field in writable_fields(layer)]
    assert len(set(labels)) == len(labels)
    assert all(re.search(r"[\u4e00-\u9fff]|A/O", label) for label in labels)


def test_every_choice_reads_back_from_its_label(layer: Layer) -> None:
    """An import reads labels: no two choices of a field may share a spelling."""
    for field in layer.sheet.fields:
        spellings: list[str] = []
        for choice in field.choices:
            spellings += {choice.value, choice.zh, *choice.headings}
        assert len(set(spellings)) == len(spellings), field.name


def test_kinds_have_colours_and_fields_name_real_kinds(layer: Layer) -> None:
    """Colours tell kinds apart; a field limited to a kind that does not exist is never shown."""
    kinds = {kind.value for kind in layer.sheet.kinds}
    assert all(kind.colour for kind in layer.sheet.kinds)
    assert len({kind.colour for kind in layer.sheet.kinds}) == len(kinds)
    assert all(set(field.kinds) <= kinds for field in layer.sheet.fields)
    assert all(set(item.kinds) <= kinds for item in layer.sheet.inspection.checklist)


def test_the_icon_exists(layer: Layer) -> None:
    """Symbols come from the maps folder; a layer that names none uses the general one."""
    assert (MAPS / "icons" / f"{layer.sheet.icon}.svg").exists()


def test_the_layer_shows_something(layer: Layer) -> None:
    """A list and a pop-up without a field of the layer's own would tell nothing."""
    assert any(field.list for field in layer.sheet.fields)
    assert any(field.popup for field in layer.sheet.fields)


def test_the_class_maps_a_table_of_its_own(layer: Layer) -> None:
    """Joined-table inheritance: the layer's fields live in its own table, keyed by the location."""
    assert layer.cls.__tablename__ != "location"
    assert [c.name for c in inspect(layer.cls).local_table.primary_key] == ["location_id"]
