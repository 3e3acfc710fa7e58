"""Writing locations, and in the same transaction what follows from it for their duties.

These are the acts of ``locations.operations``, which knows nothing of inspections, as people reach
them: a class that changes, a deletion or a disposal decides what is owed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from sqlalchemy.orm import Session

from fuliang_gis import clock
from fuliang_gis.accounts.roles import Actor
from fuliang_gis.inspections.duties.generation import follow
from fuliang_gis.locations import operations
from fuliang_gis.locations.models import Location

_Given = ParamSpec("_Given")
_Act = Callable[Concatenate[Session, Actor, _Given], Location]


def _followed(act: _Act[_Given]) -> _Act[_Given]:
    @wraps(act)
    def both(
        session: Session, actor: Actor, /, *given: _Given.args, **named: _Given.kwargs
    ) -> Location:
        location = act(session, actor, *given, **named)
        follow(session, [location.id], clock.today())
        return location

    return both


create = _followed(operations.create)
update = _followed(operations.update)
move = _followed(operations.move)
delete = _followed(operations.delete)
restore = _followed(operations.restore)
undo = _followed(operations.undo)
