"""The file of road norms: whole as it is, and told by name when an office breaks it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from typing import Any

import pytest

from fuliang_gis.roads.models import ROAD_CLASSES
from fuliang_gis.roads.norms import PATH, _read, road_norms

Change = Callable[[dict[str, Any]], object]


def test_every_class_is_reached_and_slower_than_the_one_above() -> None:
    """Each class of ours has OSM kinds, words of offices and a usual speed."""
    norms = road_norms()
    assert {kind.road_class for kind in norms.highway.values()} == set(ROAD_CLASSES)
    assert set(norms.class_names.values()) == set(ROAD_CLASSES)
    speeds = list(norms.class_speed.values())
    assert speeds == sorted(speeds, reverse=True)
    assert norms.slowest < min(norms.surface.values())
    assert not norms.denied & norms.allowed


def test_no_word_means_two_classes() -> None:
    """A word that an office uses stands under one class alone."""
    raw = tomllib.loads(PATH.read_text("utf-8"))["names"]
    words = [word.lower() for each in raw.values() for word in each]
    assert len(words) == len(set(words))


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.pop("speed"),
        lambda raw: raw["highway"]["primary"].update({"class": "avenue"}),
        lambda raw: raw["highway"]["primary"].update({"speed": 0}),
        lambda raw: raw["surface"].update({"mud": "slow"}),
        lambda raw: raw["class_speed"].pop("track"),
        lambda raw: raw["names"].update({"avenue": ["大道"]}),
        lambda raw: raw["access"].update({"denied": "no"}),
    ],
)
def test_what_is_wrong_with_it_is_refused(change: Change) -> None:
    """A missing part, an unknown class, a speed that is none."""
    raw = tomllib.loads(PATH.read_text("utf-8"))
    change(raw)
    with pytest.raises((KeyError, ValueError, TypeError)):
        _read(raw)
