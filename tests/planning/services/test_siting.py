"""Siting: covers whoever can be covered, never worse with one more site, best on small cases."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuliang_gis.planning.services.siting import Model, Question, grouped, site
from fuliang_gis.routing.graph import Floats

LIMIT = 10.0


def _question(seed: int, model: Model, sites: int = 1, *, standing: bool = False) -> Question:
    rng = np.random.default_rng(seed)
    demands, candidates = int(rng.integers(1, 9)), int(rng.integers(1, 7))
    minutes = rng.uniform(0, 25, (demands, candidates)).round(1)
    minutes[rng.uniform(size=minutes.shape) < 0.15] = np.inf
    existing = np.full(demands, np.inf)
    if standing:
        existing = np.where(rng.uniform(size=demands) < 0.5, rng.uniform(0, 25, demands), np.inf)
    homes = rng.integers(1, 9, demands).astype(np.float64)
    return Question(model, minutes, existing, homes, LIMIT, sites)


def _best(asked: Question, chosen: tuple[int, ...]) -> Floats:
    taken: Floats = np.minimum(
        asked.existing, asked.minutes[:, list(chosen)].min(axis=1, initial=np.inf)
    )
    return taken


def _covered(asked: Question, chosen: tuple[int, ...]) -> float:
    return float(asked.households[_best(asked, chosen) <= asked.limit].sum())


def _time(asked: Question, chosen: tuple[int, ...]) -> tuple[int, float]:
    """Return how many have no way, and the weighted time of the others."""
    taken = _best(asked, chosen)
    ways = np.isfinite(taken)
    lost = asked.households[~ways].sum()
    return int(lost), float((taken[ways] * asked.households[ways]).sum())


@given(st.integers(0, 10_000), st.booleans())
@settings(max_examples=60)
def test_cover_all_covers_whoever_can_be(seed: int, standing: bool) -> None:  # noqa: FBT001
    """Everybody within reach of anything is covered, by no more sites than brute force needs."""
    asked = _question(seed, "cover_all", standing=standing)
    found = site(asked)
    everything = tuple(range(asked.minutes.shape[1]))
    late = np.flatnonzero(_best(asked, everything) > LIMIT)
    assert found.out_of_reach == tuple(late.tolist())
    assert _covered(asked, found.chosen) == _covered(asked, everything)
    for fewer in range(len(found.chosen)):
        for chosen in combinations(everything, fewer):
            assert _covered(asked, chosen) < _covered(asked, everything)


@given(st.integers(0, 10_000), st.integers(1, 4), st.booleans())
@settings(max_examples=60)
def test_most_covered_is_the_best_of_all(seed: int, sites: int, standing: bool) -> None:  # noqa: FBT001
    """No choice of so many candidates covers more households."""
    asked = _question(seed, "most_covered", sites, standing=standing)
    found = site(asked)
    count = min(sites, asked.minutes.shape[1])
    assert len(found.chosen) <= count
    best = max(_covered(asked, c) for c in combinations(range(asked.minutes.shape[1]), count))
    assert _covered(asked, found.chosen) == best


@given(st.integers(0, 10_000), st.integers(1, 3))
@settings(max_examples=40)
def test_one_more_site_never_covers_fewer(seed: int, sites: int) -> None:
    """With p + 1 sites as many are covered as with p, or more."""
    few = _question(seed, "most_covered", sites)
    more = _question(seed, "most_covered", sites + 1)
    assert _covered(more, site(more).chosen) >= _covered(few, site(few).chosen)


@given(st.integers(0, 10_000), st.integers(1, 3), st.booleans())
@settings(max_examples=60)
def test_least_time_is_the_best_of_all(seed: int, sites: int, standing: bool) -> None:  # noqa: FBT001
    """No choice of so many leaves fewer without a way, or takes them less time in all."""
    asked = _question(seed, "least_time", sites, standing=standing)
    found = site(asked)
    count = min(sites, asked.minutes.shape[1])
    every = combinations(range(asked.minutes.shape[1]), count)
    lost, least = min(_time(asked, chosen) for chosen in every)
    taken = _time(asked, found.chosen)
    assert taken[0] == lost
    assert taken[1] == pytest.approx(least)


@pytest.mark.parametrize("model", ["cover_all", "most_covered", "least_time"])
def test_nothing_to_choose_from(model: Model) -> None:
    """Without candidates, or without anybody in need, nothing is chosen."""
    none = Question(model, np.empty((2, 0)), np.full(2, np.inf), np.ones(2), LIMIT)
    assert site(none).chosen == ()
    assert site(none).out_of_reach == (0, 1)
    nobody = Question(model, np.empty((0, 2)), np.empty(0), np.empty(0), LIMIT)
    assert site(nobody) == site(nobody)
    assert site(nobody).chosen == ()


def test_the_same_question_has_the_same_answer() -> None:
    """Asked twice, sites are the same."""
    asked = _question(7, "least_time", 2)
    assert site(asked) == site(asked)
    assert site(asked).optimal


def test_what_stands_need_not_be_built_again() -> None:
    """Whoever an existing facility serves in time asks for no site."""
    minutes = np.array([[3.0, 20.0], [20.0, 3.0]])
    existing = np.array([4.0, np.inf])
    asked = Question("cover_all", minutes, existing, np.ones(2), LIMIT)
    assert site(asked).chosen == (1,)


def test_grouping_keeps_sums_and_nobodys_way() -> None:
    """Homesteads of a square are one demand of their mean time; others' ways do not mix in."""
    minutes = np.array([[2.0, 8.0], [6.0, 10.0], [np.inf, 9.0], [5.0, 5.0]])
    asked = Question(
        "least_time", minutes, np.full(4, np.inf), np.array([3.0, 1.0, 2.0, 2.0]), LIMIT
    )
    places = np.array([[10.0, 10.0], [90.0, 90.0], [50.0, 50.0], [250.0, 10.0]])
    found = grouped(asked, places, 100.0)
    assert sorted(found.households.tolist()) == [2.0, 2.0, 4.0]
    assert [3.0, 8.5] in found.minutes.tolist()
    assert [np.inf, 9.0] in found.minutes.tolist()
    assert np.isinf(found.existing).all()


@given(st.integers(0, 10_000))
@settings(max_examples=30)
def test_one_square_each_changes_nothing(seed: int) -> None:
    """Where nobody shares a square, the grouped question has the same answer."""
    asked = _question(seed, "least_time", 2, standing=True)
    along = np.arange(len(asked.households), dtype=np.float64) * 1000
    apart: Floats = np.stack([along, along], axis=1).astype(np.float64)
    assert site(grouped(asked, apart, 100.0)).chosen == site(asked).chosen
