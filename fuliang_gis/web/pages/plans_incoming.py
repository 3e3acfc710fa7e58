"""A plan's file as its preview shows it: what was found, what a person said of it, what is taken.

Nothing is stored here; whatever has to be said first is a problem beside its field.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import shapely
from shapely.geometry.base import BaseGeometry
from werkzeug.datastructures import MultiDict

from fuliang_gis.errors import FuliangError, Invalid, Problem
from fuliang_gis.exchange.plans.archives import data_in
from fuliang_gis.exchange.plans.coordinates import NAMES
from fuliang_gis.exchange.plans.fields import ALIASES, Role, role_of
from fuliang_gis.exchange.plans.notes import Note, NoteCode
from fuliang_gis.exchange.plans.raw import NAMED_EDITIONS, Edition, RawLayer, Reading
from fuliang_gis.exchange.plans.reading import Read, layers_of, read_plan
from fuliang_gis.planning.checks.findings import Finding
from fuliang_gis.planning.checks.ground import Ground
from fuliang_gis.planning.checks.single import single_findings
from fuliang_gis.planning.codes import EDITIONS, in_2023, land_uses
from fuliang_gis.planning.norms import Tolerances, line_norms, profile
from fuliang_gis.planning.parcels import ControlLine, Draft, Parcel
from fuliang_gis.web.pages.plans_asked import text, whole
from fuliang_gis.web.pages.plans_mending import Held, Mend, mended

ENCODINGS = ("utf-8", "gb18030", "gbk", "big5")
#: Findings of what only a file states; a plan keeps shapes and codes.
_STATED = ("stated_area", "name_mismatch")
#: Longest id of a parcel; the interface takes no longer one.
_LONGEST_ID = 64


@dataclass(frozen=True)
class Incoming:
    """A file's layers as they stand, and what it holds once everything is said.

    ``to_choose`` are codes as written (with how many parcels have each) that the plan's edition
    does not know; ``lines_to_choose`` the same of control lines. Broken shapes are ``mends``; what
    is held has those mended that were chosen.
    """

    layers: Sequence[RawLayer]
    roles: Mapping[str, Role | None]
    reading: Reading
    read: Read | None
    parcels: Mapping[str, Parcel]
    base: Mapping[str, Parcel]
    lines: Mapping[str, ControlLine]
    to_choose: Mapping[str, int]
    lines_to_choose: Mapping[str, int]
    told: tuple[str, ...]
    problems: tuple[Problem, ...]
    mends: Sequence[Mend] = ()

    @property
    def notes(self) -> tuple[Note, ...]:
        """Return what there is to tell of the file."""
        return self.read.notes if self.read else ()

    @property
    def differing(self) -> Sequence[Finding]:
        """Return where the file states another area or name than its shape or code has."""
        if self.read is None:
            return []
        return [*_differing(self.read.parcels), *_differing(self.read.base)]

    @property
    def columns(self) -> list[str]:
        """Return all columns of all layers, each once."""
        return list(dict.fromkeys(c for layer in self.layers for c in layer.columns))

    @property
    def crs(self) -> str:
        """Return what the coordinates were read in, as it is told."""
        return f"EPSG:{self.read.crs}（{NAMES[self.read.crs]}）" if self.read else ""

    def told_of(self, field: str) -> list[str]:
        """Return what has to be said of a field of the form."""
        return [each.zh for each in self.problems if each.field == field]

    @property
    def as_base(self) -> Mapping[str, Parcel]:
        """Return the parcels that would become the base year's."""
        return self.base or self.parcels


def incoming(path: Path, said: MultiDict[str, str], edition: str, limits: Tolerances) -> Incoming:
    """Read a waiting file as a person says it is to be read.

    Args:
        said: The preview's form: roles, columns, edition, system, encoding, codes, mendings.
        edition: The plan's own edition of codes.
        limits: How much mending may change.
    """
    reading = _reading(said)
    try:
        layers = layers_in(path, reading)
        roles = _roles(layers, said)
        whole_reading = replace(reading, roles={n: r for n, r in roles.items() if r})
        read = read_plan(path, whole_reading, lines_alone=True)
    except Invalid as refused:
        return _refused(path, said, reading, refused)
    except FuliangError as refused:
        return _refused(path, said, reading, Invalid([_problem(refused)]))
    return _taken(layers, roles, whole_reading, read, said, edition, limits)


def layers_in(path: Path, reading: Reading | None = None) -> list[RawLayer]:
    """Return the layers of a waiting file, which is a folder where a zip was sent."""
    bare = path.suffix.lower() == ".gdb" or not path.is_dir()
    return [x for each in ([path] if bare else data_in(path)) for x in layers_of(each, reading)]


def _problem(refused: FuliangError) -> Problem:
    return Problem(refused.code, refused.text_zh, refused.text_en, "file")


def _refused(path: Path, said: MultiDict[str, str], reading: Reading, refused: Invalid) -> Incoming:
    """Return what can be told of a file that something has to be said of first."""
    try:
        layers = layers_in(path, reading)
    except FuliangError:
        layers = []
    roles = _roles(layers, said)
    return Incoming(layers, roles, reading, None, {}, {}, {}, {}, {}, (), refused.problems)


def _reading(said: MultiDict[str, str]) -> Reading:
    named = {
        field: text(f"column.{field}", said) for field in ALIASES if text(f"column.{field}", said)
    }
    crs = whole(text("crs", said))
    encoding = text("encoding", said)
    return Reading(
        _edition(text("edition", said)),
        _edition(text("base_edition", said)),
        crs if crs in NAMES else None,
        swap=bool(text("swap", said)),
        encoding=encoding if encoding in ENCODINGS else None,
        columns=named,
    )


def _edition(given: str) -> Edition | None:
    return cast("Edition", given) if given in NAMED_EDITIONS else None


def _roles(layers: Sequence[RawLayer], said: MultiDict[str, str]) -> dict[str, Role | None]:
    """Return what each layer is: as a person says, else by its name.

    A file of the base year alone is read as parcels: what they become is chosen afterwards.
    """
    known = {role.value: role for role in Role}
    found = {
        layer.name: known.get(text(f"role.{i}", said)) or layer.role or role_of(layer.name)
        for i, layer in enumerate(layers)
    }
    if Role.PARCELS not in found.values():
        for name, role in found.items():
            if role is Role.BASE:
                found[name] = Role.PARCELS
                break
    areas = [layer.name for layer in layers if _has_areas(layer)]
    if len(areas) == 1 and found[areas[0]] is None:
        found[areas[0]] = Role.PARCELS
    return found


def _has_areas(layer: RawLayer) -> bool:
    return any(row.geom is not None and "Polygon" in row.geom.geom_type for row in layer.rows)


def _taken(
    layers: Sequence[RawLayer],
    roles: Mapping[str, Role | None],
    reading: Reading,
    read: Read,
    said: MultiDict[str, str],
    edition: str,
    limits: Tolerances,
) -> Incoming:
    opened = [
        (roles.get(note.layer), note.parcel)
        for note in read.notes
        if note.code is NoteCode.RING_CLOSED
    ]
    mends, held = mended(Held(read.parcels, read.base, read.lines), opened, said, limits)
    told: list[str] = []
    problems: list[Problem] = []
    missing: Counter[str] = Counter()
    written = {
        (roles.get(note.layer), note.parcel): note.value for note in read.to_choose if note.parcel
    }
    parcels, base = (
        _fitted(
            [(each, written.get((role, each.id), each.code)) for each in each_held.values()],
            edition,
            said,
            told,
            problems,
            missing,
        )
        for role, each_held in ((Role.PARCELS, held.parcels), (Role.BASE, held.base))
    )
    unknown: Counter[str] = Counter()
    lines = {line.id: _line(line, said, unknown) for line in held.lines.values()}
    return Incoming(
        layers, roles, reading, read, parcels, base, lines, missing, unknown, tuple(told),
        tuple(problems), mends,
    )  # fmt: skip


def _fitted(
    parcels: Sequence[tuple[Parcel, str]],
    edition: str,
    said: MultiDict[str, str],
    told: list[str],
    problems: list[Problem],
    missing: Counter[str],
) -> dict[str, Parcel]:
    """Return parcels as a plan takes them: of its edition, each one polygon, ids that hold.

    Args:
        parcels: Each with its code as the file has it.
    """
    if edition == "2020" and any(each.edition == "2023" for each, _ in parcels):
        zh = (
            "文件用的是 2023 年版代码，本规划用 2020 年版，不能混用。请新建 2023 年版的规划再导入。"
        )
        problems.append(Problem("edition_differs", zh, "The plan is of edition 2020.", "edition"))
        return {}
    found: dict[str, Parcel] = {}
    taken_apart = pieces = 0
    for each, written in parcels:
        coded = _coded(each, written, edition, said, missing)
        shapes = list(shapely.get_parts(each.geom))
        if len(shapes) > 1:
            taken_apart += 1
            pieces += len(shapes)
        for i, shape in enumerate(shapes):
            name = _id(each.id if i == 0 else f"{each.id}-{i + 1}", found)
            found[name] = replace(coded, id=name, geom=shape)
    if taken_apart:
        told.append(
            f"{taken_apart} 个图斑由多块组成，已按块拆成 {pieces} 个图斑（编号加 -2、-3）。"
        )
    if changed := sum(each.id not in found for each, _ in parcels):
        told.append(f"{changed} 个图斑的编号含“/”或过长，已改。")
    return found


def _id(wanted: str, taken: Mapping[str, Parcel]) -> str:
    name = wanted.replace("/", "_").replace("\0", "")[:_LONGEST_ID] or "1"
    turn = 2
    free = name
    while free in taken:
        free, turn = f"{name[: _LONGEST_ID - 6]}-{turn}", turn + 1
    return free


def _coded(
    each: Parcel, written: str, edition: str, said: MultiDict[str, str], missing: Counter[str]
) -> Parcel:
    """Return a parcel with its code in the plan's edition, or as a person chose it."""
    code = each.code
    if each.edition != edition:
        use = in_2023(each.edition, code)
        code = use.code if use else ""
    if code in land_uses(edition):
        return replace(each, code=code, edition=edition)
    named = written or "（空）"
    chosen = text(f"choice.{named}", said).partition(" ")[0]
    missing[named] += 1
    return replace(each, code=chosen if chosen in land_uses(edition) else "", edition=edition)


def _line(line: ControlLine, said: MultiDict[str, str], unknown: Counter[str]) -> ControlLine:
    if line.code in line_norms().names:
        return line
    unknown[line.code or "（空）"] += 1
    chosen = text(f"line.{line.code or '（空）'}", said)
    return replace(line, code=chosen) if chosen in line_norms().names else line


def _differing(parcels: Mapping[str, Parcel]) -> list[Finding]:
    edition = next((each.edition for each in parcels.values()), EDITIONS[0])
    ground = Ground(Draft(shapely.Polygon(), parcels, edition=edition), profile(), line_norms())
    return [each for each in single_findings(ground) if each.code in _STATED]


def boundary_in(path: Path, said: MultiDict[str, str]) -> BaseGeometry:
    """Return the village boundary that a file holds: its own layer's, else its land's edge.

    Raises:
        Invalid: It cannot be read; the problems say what to do.
    """
    reading = _reading(said)
    layers = layers_in(path, reading)
    edges = [layer.name for layer in layers if role_of(layer.name) is Role.BOUNDARY]
    if edges and len(layers) == len(edges):
        # A file of the boundary alone is read as if it were land; its edge is the same.
        reading = replace(reading, roles=dict.fromkeys(edges[:1], Role.PARCELS), edition="2023")
    elif _roles(layers, MultiDict()) != {layer.name: role_of(layer.name) for layer in layers}:
        reading = replace(reading, roles={n: r for n, r in _roles(layers, said).items() if r})
    read = read_plan(path, replace(reading, edition=reading.edition or "2023"))
    land = read.base or read.parcels
    if read.boundary is not None:
        return read.boundary
    return shapely.union_all([each.geom for each in land.values() if each.geom.is_valid])
