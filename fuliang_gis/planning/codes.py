"""Land-use codes (用地用海分类) by edition: names, colours, what counts as construction land.

One code means different things in different editions, so a code is never told without its edition.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fuliang_gis.errors import SetUpError
from fuliang_gis.material import DATA

PATH = DATA / "norms" / "land_use_codes.csv"
SURVEY_PATH = DATA / "norms" / "dlbm_crosswalk.csv"

#: The editions known, the newest first.
EDITIONS = ("2023", "2020")

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class LandUse:
    """One code of one edition.

    ``construction`` is None where provinces differ (06). ``colour`` is the standard one,
    ``village_colour`` one of its own for village plans where second levels share theirs.
    ``code_2023`` is the code of the edition 2023, empty where a person has to choose.
    """

    edition: str
    code: str
    parent: str
    zh: str
    en: str
    level: int
    construction: bool | None
    group: str
    colour: Colour | None
    village_colour: Colour | None
    code_2023: str

    @property
    def label(self) -> str:
        """Return code and name as they stand in tables."""
        return f"{self.code} {self.zh}"


@cache
def land_uses(edition: str) -> Mapping[str, LandUse]:
    """Return an edition's codes in their order.

    Raises:
        KeyError: There is no such edition.

    >>> land_uses("2023")["0703"].zh, land_uses("2020")["060102"].zh
    ('农村宅基地', '村庄内部道路用地')
    """
    found = {use.code: use for use in _all() if use.edition == edition}
    if not found:
        raise KeyError(edition)
    return found


def top(code: str) -> str:
    """Return the first-level code of a code.

    >>> top("070301")
    '07'
    """
    return code[:2]


def under(code: str, classes: Sequence[str]) -> bool:
    """Tell whether a code is one of some classes or below one of them.

    >>> under("070301", ["0703"]), under("0704", ["0703", "08"])
    (True, False)
    """
    return code.startswith(tuple(classes))


def search(edition: str, asked: str) -> list[LandUse]:
    """Return the codes that begin with what is asked or whose name holds it, in their order.

    >>> [use.code for use in search("2023", "宅基地")]
    ['0703', '070301', '070302']
    """
    wanted = asked.strip()
    return [
        use
        for use in land_uses(edition).values()
        if use.code.startswith(wanted) or wanted.casefold() in f"{use.zh} {use.en}".casefold()
    ]


def in_2023(edition: str, code: str) -> LandUse | None:
    """Return what a code became in the edition 2023; None where a person has to choose.

    >>> in_2023("2020", "060102").label, in_2023("2020", "0204").label
    ('1207 城镇村道路用地', '0205 其他园地')
    """
    use = land_uses(edition).get(code)
    if use is None:
        return None
    return land_uses("2023").get(code if edition == "2023" else use.code_2023)


def from_survey(dlbm: str) -> LandUse | None:
    """Return the code of 2023 for a class of the third land survey (DLBM).

    None where the class is unknown, or where a person has to choose.

    >>> from_survey("0601").label, from_survey("1006")
    ('1001 工业用地', None)
    """
    return land_uses("2023").get(_survey().get(dlbm, ""))


@cache
def survey_classes() -> Mapping[str, str]:
    """Return the classes of the third land survey with their names.

    >>> survey_classes()["0601"]
    '工业用地'
    """
    return {row["dlbm_3rd_survey"]: row["dlmc"] for row in _rows(SURVEY_PATH)}


@cache
def _survey() -> Mapping[str, str]:
    return {row["dlbm_3rd_survey"]: row["code_2023"] for row in _rows(SURVEY_PATH)}


@cache
def _all() -> tuple[LandUse, ...]:
    try:
        return tuple(_read(row) for row in _rows(PATH))
    except (KeyError, ValueError) as error:
        raise _refusal(PATH, error) from error


def _read(row: Mapping[str, str]) -> LandUse:
    return LandUse(
        row["version"],
        row["code"],
        row["parent"],
        row["name_zh"],
        row["name_en"],
        int(row["level"]),
        {"yes": True, "no": False, "disputed": None}[row["is_construction"]],
        row["balance_group"],
        _colour(row["colour_rgb"]),
        _colour(row["village_plan_alt_rgb"]),
        row["code_2023"],
    )


def _colour(written: str) -> Colour | None:
    if not written:
        return None
    red, green, blue = map(int, written.split())
    return red, green, blue


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        raise _refusal(path, error) from error


def _refusal(path: Path, error: Exception) -> SetUpError:
    return SetUpError(
        reason=f"无法读取用地分类文件 {path}：{error}。请恢复或改正该文件后重试。",
        reason_en=f"Cannot read the land-use codes {path}: {error}. Restore it.",
    )
