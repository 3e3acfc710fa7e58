"""Layers and fields of a plan's file, and the names that other programs give them.

Names are ASCII of at most ten letters, so that the same ones hold in a Shapefile, a FileGDB and a
GeoPackage; what they mean goes along as a table of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a layer of a file holds."""

    PARCELS = "parcels"
    BASE = "base"
    LINES = "lines"
    BOUNDARY = "boundary"


#: Layer names as written, with their Chinese names.
LAYERS: Mapping[Role, tuple[str, str]] = {
    Role.PARCELS: ("GHYDYH", "规划用地用海"),
    Role.BASE: ("JQYDYH", "基期用地用海"),
    Role.LINES: ("GKBJ", "管控边界"),
    Role.BOUNDARY: ("GHFW", "规划范围（村界）"),
}

#: Fields as written, with what they mean, in their order.
MEANINGS: Mapping[str, str] = {
    "BSM": "标识码（图斑编号）",
    "YDYHFLDM": "用地用海分类代码",
    "YDYHFLMC": "用地用海分类名称",
    "FLBB": "分类版本（2023、2020）",
    "MC": "名称",
    "MJ": "图形面积（平方米，高斯—克吕格平面）",
    "DJMJ": "登记面积（平方米）",
    "DJMC": "登记的分类名称",
    "HS": "户数",
    "BJDM": "管控边界代码",
    "BJMC": "管控边界类型",
}

#: Usual names of each field, the first that a layer has is taken; compared without case.
ALIASES: Mapping[str, tuple[str, ...]] = {
    "id": (
        "BSM", "标识码", "图斑编号", "地块编号", "TBBH", "DKBH", "YSDKBH", "XH", "序号",
        "编号", "ID",
    ),
    "code": (
        "YDYHFLDM", "GHYDYHFLDM", "GHYDYHDM", "YDYHDM", "用地用海分类代码", "用地用海代码",
        "GHDLDM", "GHDLBM", "规划地类代码", "规划地类编码", "YDDM", "GHYDDM", "用地代码",
        "地类编码", "地类代码", "DLBM", "DLDM", "CODE",
    ),
    "class_name": (
        "YDYHFLMC", "GHYDYHFLMC", "GHYDYHMC", "YDYHMC", "用地用海分类名称", "用地用海名称",
        "GHDLMC", "规划地类名称", "YDMC", "用地名称", "地类名称", "DLMC", "用途",
    ),
    "area": ("MJ", "面积", "TBMJ", "图斑面积", "YDMJ", "用地面积", "地块面积", "AREA"),
    "name": ("MC", "名称", "DKMC", "地块名称", "NAME"),
    "edition": ("FLBB", "分类版本", "BBH"),
    "stated_m2": ("DJMJ", "登记面积"),
    "stated_name": ("DJMC",),
    "households": ("HS", "户数"),
    "line_code": (
        "BJDM", "GKBJDM", "管控边界代码", "GZFQDM", "管制分区代码", "KJDM", "管控区代码", "GZQDM",
    ),
    "line_name": ("BJMC", "GZFQMC", "管控边界名称"),
}  # fmt: skip

#: A base year's layer says its classes by these first.
_BASE_CODE = ("JQYDYHFLDM", "JQDLBM", "JQDLDM", "XZDLBM", "XZDLDM", "现状地类编码", "DLBM")

#: Three letters are what ten bytes of UTF-8 hold.
_LEAST_CUT = 3

#: Words in the names of layers of others' files; the first that is found counts.
_ROLE_WORDS: tuple[tuple[Role, tuple[str, ...]], ...] = (
    (Role.BASE, ("JQYDYH", "JQDL", "JQ_", "XZYD", "DLTB", "基期", "现状", "BASE")),
    (Role.LINES, ("GKBJ", "KZX", "GZFQ", "YJJBNT", "STBHHX", "管控", "控制线", "红线", "LINES")),
    (Role.BOUNDARY, ("GHFW", "CZBJ", "CJXZQ", "XZQ", "CJDCQ", "村界", "规划范围", "BOUNDARY")),
    (Role.PARCELS, ("GHYD", "YDYH", "GHDL", "GHTB", "规划", "用地", "PARCEL")),
)


@dataclass(frozen=True)
class Chosen:
    """Which column stands for which field, those that could have, and those that stand for none."""

    columns: Mapping[str, str]
    rivals: Mapping[str, tuple[str, ...]]
    unused: tuple[str, ...]

    @property
    def survey(self) -> bool:
        """Tell whether the code column has the name that the third land survey uses."""
        return self.columns.get("code", "").upper() == "DLBM"


def role_of(layer: str) -> Role | None:
    """Return what a layer holds by its name.

    >>> role_of("GHYDYH"), role_of("现状用地"), role_of("图层1")
    (<Role.PARCELS: 'parcels'>, <Role.BASE: 'base'>, None)
    """
    name = layer.upper()
    return next((role for role, words in _ROLE_WORDS if any(word in name for word in words)), None)


def choose(role: Role, names: Sequence[str], given: Mapping[str, str]) -> Chosen:
    """Return which columns of a layer stand for which field.

    Args:
        given: Columns that a person chose, by field (a key of ``ALIASES``).

    >>> choose(Role.PARCELS, ["dlbm", "MJ", "备注"], {}).columns
    {'code': 'dlbm', 'area': 'MJ'}
    """
    by_upper = {_uncut(role, name.upper()): name for name in names}
    columns: dict[str, str] = {}
    rivals: dict[str, tuple[str, ...]] = {}
    for field in _fields(role):
        found = [by_upper[alias] for alias in _aliases(role, field) if alias in by_upper]
        if field in given and given[field].upper() in by_upper:
            found = [by_upper[given[field].upper()]]
        if found:
            columns[field] = found[0]
        if len(found) > 1:
            rivals[field] = tuple(found)
    taken = {*columns.values(), *(name for names in rivals.values() for name in names)}
    unused = tuple(name for name in names if name not in taken and not _is_derived(name))
    return Chosen(columns, rivals, unused)


def _uncut(role: Role, name: str) -> str:
    """Return the usual name that a Shapefile cut to ten bytes, where only one field has such."""
    if name.isascii() or len(name) < _LEAST_CUT:
        return name
    whole = [(f, a) for f in _fields(role) for a in _aliases(role, f) if a.startswith(name)]
    return whole[0][1] if len({field for field, _ in whole}) == 1 else name


def meanings() -> Iterable[tuple[str, str]]:
    """Return every field with what it means, for the table that goes along."""
    return MEANINGS.items()


def _fields(role: Role) -> tuple[str, ...]:
    if role is Role.BOUNDARY:
        return ("id", "name")
    if role is Role.LINES:
        return ("id", "line_code", "line_name", "name")
    return tuple(field for field in ALIASES if not field.startswith("line_"))


def _aliases(role: Role, field: str) -> tuple[str, ...]:
    aliases = ALIASES[field]
    if field == "code" and role is Role.BASE:
        # A base layer of this project has the plan's own field, which others' never have.
        return ("YDYHFLDM", *_BASE_CODE, *aliases[1:])
    if field == "line_code":
        return (*aliases, "CODE", "代码")
    return aliases


def _is_derived(name: str) -> bool:
    """Tell whether programs keep a column by themselves, so that nothing is lost with it."""
    return name.upper() in {
        "SHAPE_LENGTH", "SHAPE_LENG", "SHAPE_LE_1", "SHAPE_AREA", "OBJECTID", "FID", "OBJECTID_1",
    }  # fmt: skip
