"""OSM's turn restrictions: which edge they leave, by which junction, onto which edge (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fuliang_gis.roads.osm_tags import Tags
from fuliang_gis.roads.taken import Notes, TakenEdge, TakenTurn

#: Type (n, w, r), reference and role of a relation's member.
Member = tuple[str, int, str]
_CARS = frozenset({"motorcar", "motor_vehicle", "vehicle"})


@dataclass(frozen=True)
class Restriction:
    """A restriction with a junction as its via: ways by their OSM numbers."""

    relation: int
    only: bool
    from_ways: tuple[int, ...]
    via: int
    to_ways: tuple[int, ...]


def read_restriction(
    relation: int, tags: Tags, members: Iterable[Member], notes: Notes
) -> Restriction | None:
    """Read a relation; None, and noted, for one that cannot be taken or does not bind cars."""
    told = f"relation/{relation}"
    kind = tags.get("restriction:motorcar") or tags.get("restriction")
    if kind is None:
        sometimes = "restriction:conditional" in tags
        notes.add("turn_conditional" if sometimes else "turn_not_for_cars", told)
        return None
    if _CARS & set(tags.get("except", "").replace(" ", "").split(";")):
        notes.add("turn_not_for_cars", told)
        return None
    roles: dict[str, list[Member]] = {}
    for member in members:
        roles.setdefault(member[2], []).append(member)
    via = roles.get("via", [])
    if any(each[0] == "w" for each in via):
        notes.add("via_way", told)
        return None
    ways = {
        role: tuple(m[1] for m in roles.get(role, []) if m[0] == "w") for role in ("from", "to")
    }
    if len(via) != 1 or not all(ways.values()) or not kind.startswith(("no_", "only_")):
        notes.add("turn_ambiguous", told)
        return None
    return Restriction(relation, kind.startswith("only_"), ways["from"], via[0][1], ways["to"])


def turns(
    restrictions: Iterable[Restriction],
    edges: Sequence[TakenEdge],
    junctions: Mapping[int, int],
    notes: Notes,
) -> list[TakenTurn]:
    """Return the turns that restrictions mean.

    Args:
        restrictions: As read.
        edges: The edges that the ways became; ``source_ref`` names each one's way.
        junctions: The edges' junction numbers by OSM node.
        notes: Told what could not be taken.
    """
    by_way: dict[str | None, list[int]] = {}
    for index, edge in enumerate(edges):
        by_way.setdefault(edge.source_ref, []).append(index)
    found: dict[TakenTurn, None] = {}
    for each in restrictions:
        meant = _meant(each, edges, by_way, junctions)
        if isinstance(meant, str):
            notes.add(meant, f"relation/{each.relation}")
        else:
            notes.add("turn", count=1)
            found |= dict.fromkeys(meant)
    return list(found)


def _meant(
    given: Restriction,
    edges: Sequence[TakenEdge],
    by_way: Mapping[str | None, Sequence[int]],
    junctions: Mapping[int, int],
) -> list[TakenTurn] | str:
    """Return the turns of one restriction, or why there are none."""
    via = junctions.get(given.via)
    if via is None:
        return "turn_incomplete"

    def touching(way: int, *, arriving: bool) -> list[int]:
        return [
            index
            for index in by_way.get(f"way/{way}", ())
            if _reaches(edges[index], via, arriving=arriving)
        ]

    before = [touching(way, arriving=True) for way in given.from_ways]
    after = [touching(way, arriving=False) for way in given.to_ways]
    if any(len(each) > 1 for each in (*before, *after)):
        return "turn_ambiguous"
    pairs = [(a, b) for come in before for a in come for go in after for b in go]
    if not pairs:
        return "turn_incomplete"
    return [TakenTurn(a, via, b, given.only) for a, b in pairs]


def _reaches(edge: TakenEdge, node: int, *, arriving: bool) -> bool:
    drawn, against = (edge.to_node, edge.from_node) if arriving else (edge.from_node, edge.to_node)
    return drawn == node or (against == node and not edge.oneway)
