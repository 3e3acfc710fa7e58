"""Travel under the closures of a day, prepared once and shared while roads and closures stay."""

from __future__ import annotations

from collections import OrderedDict
from datetime import date
from threading import Lock

from sqlalchemy.orm import Session

from fuliang_gis.roads.closures import hindrances
from fuliang_gis.roads.network import network
from fuliang_gis.routing.travel import Travel

#: How many sets of closures are kept ready.
_MOST = 4

_lock = Lock()
_kept: OrderedDict[frozenset[tuple[int, float]], Travel] = OrderedDict()


def travel_on(session: Session, day: date) -> Travel:
    """Return travel under the closures of a day; it is shared, so nobody may hinder it further.

    Raises:
        Invalid: There are no roads.
    """
    graph = network(session)
    slowed = hindrances(session, day)
    key = frozenset(slowed.items())
    with _lock:
        found = _kept.get(key)
        if found is None or found.graph is not graph:
            for stale in [k for k, travel in _kept.items() if travel.graph is not graph]:
                del _kept[stale]
            found = _kept[key] = Travel(graph)
            if slowed:
                found.hinder(slowed)
        _kept.move_to_end(key)
        while len(_kept) > _MOST:
            _kept.popitem(last=False)
        return found
