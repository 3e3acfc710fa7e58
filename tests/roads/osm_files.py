"""Small OSM extracts written by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

#: Where the small extracts lie, and how far apart their columns and rows are [degrees].
WEST, SOUTH, STEP = 117.2, 29.35, 0.01

Tags = Mapping[str, str]
Member = tuple[str, int, str]


def place(node: int) -> tuple[float, float]:
    """Return where a node lies: its tens are columns, its ones rows."""
    return round(WEST + STEP * (node // 10), 7), round(SOUTH + STEP * (node % 10), 7)


def osm_file(
    folder: Path,
    ways: Mapping[int, tuple[Sequence[int], Tags]],
    *,
    nodes: Mapping[int, Tags] | None = None,
    relations: Mapping[int, tuple[Sequence[Member], Tags]] | None = None,
    without: Sequence[int] = (),
) -> Path:
    """Write an extract: ways by number, tags of nodes, relations; ``without`` nodes have no row."""
    tagged = dict(nodes or {})
    every = sorted({node for refs, _ in ways.values() for node in refs} | tagged.keys())
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6" generator="test">']
    for node in every:
        if node not in without:
            lon, lat = place(node)
            lines.append(f'<node id="{node}" version="1" lon="{lon}" lat="{lat}">')
            lines += [*_tags(tagged.get(node, {})), "</node>"]
    for number, (refs, tags) in ways.items():
        refs_told = [f'<nd ref="{ref}"/>' for ref in refs]
        lines += [f'<way id="{number}" version="1">', *refs_told, *_tags(tags), "</way>"]
    for number, (members, tags) in (relations or {}).items():
        kinds = {"n": "node", "w": "way", "r": "relation"}
        told = [f'<member type="{kinds[t]}" ref="{r}" role="{role}"/>' for t, r, role in members]
        lines += [f'<relation id="{number}" version="1">', *told, *_tags(tags), "</relation>"]
    path = folder / "roads.osm"
    path.write_text("\n".join([*lines, "</osm>"]), "utf-8")
    return path


def _tags(tags: Tags) -> list[str]:
    return [f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items()]
