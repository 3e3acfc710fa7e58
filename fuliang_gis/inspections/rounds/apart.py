"""Groups of locations that keep apart: no two of a group are visited on one day, in any plan."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import combinations, product

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from fuliang_gis.inspections.models import KeptApartLocation


def pairs_among(session: Session, location_ids: Collection[int]) -> list[tuple[int, int]]:
    """Return the pairs of these locations that groups keep apart; one statement."""
    if len(location_ids) < 2:
        return []
    wanted = (
        select(KeptApartLocation.kept_apart_id, KeptApartLocation.location_id)
        .where(KeptApartLocation.location_id.in_(list(location_ids)))
        .order_by(KeptApartLocation.kept_apart_id, KeptApartLocation.location_id)
    )
    groups: dict[int, list[int]] = {}
    for group, location in session.execute(wanted):
        groups.setdefault(group, []).append(location)
    return sorted({pair for members in groups.values() for pair in combinations(members, 2)})


def partners(session: Session, location_id: int) -> set[int]:
    """Return the locations that groups keep apart from one."""
    own = aliased(KeptApartLocation)
    wanted = (
        select(KeptApartLocation.location_id)
        .join(own, own.kept_apart_id == KeptApartLocation.kept_apart_id)
        .where(own.location_id == location_id, KeptApartLocation.location_id != location_id)
    )
    return set(session.scalars(wanted))


def task_pairs(
    pairs: Iterable[tuple[int, int]], at: Mapping[str, int]
) -> tuple[tuple[str, str], ...]:
    """Return the pairs of tasks that pairs of locations mean.

    Args:
        at: The location of each task.

    >>> task_pairs([(7, 9)], {"a": 7, "b": 8, "c": 9, "d": 7})
    (('a', 'c'), ('d', 'c'))
    """
    there: dict[int, list[str]] = {}
    for task, location in at.items():
        there.setdefault(location, []).append(task)
    return tuple(both for a, b in pairs for both in product(there.get(a, ()), there.get(b, ())))
