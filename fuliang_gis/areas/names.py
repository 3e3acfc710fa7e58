"""Short names and pinyin initials of divisions."""

from __future__ import annotations

from functools import lru_cache

from pypinyin import Style, lazy_pinyin

_ENDINGS = ("居民委员会", "村民委员会", "居委会", "村委会", "生活区", "社区")


def short_name(name: str, level: str, parent: str = "") -> str:
    """Return the name as people say it.

    >>> short_name("浮梁县", "county"), short_name("鹅湖镇", "township")
    ('浮梁', '鹅湖')
    >>> short_name("鹅湖镇鹅湖居委会", "village", "鹅湖镇"), short_name("查村村委会", "village")
    ('鹅湖', '查村')
    """
    if level != "village":
        return name.rstrip("县市区镇乡") or name
    for ending in _ENDINGS:
        name = name.removesuffix(ending)
    return name.removeprefix(parent) or name


def place_name(township: str, division: str, between: str = "") -> str:
    """Return a township and what lies in it as one place, the township told once.

    The official names of some villages begin with their township's.

    >>> place_name("鹅湖镇", "鹅湖镇鹅湖居委会"), place_name("鹅湖镇", "曹村村委会")
    ('鹅湖镇鹅湖居委会', '鹅湖镇曹村村委会')
    >>> place_name("鹅湖镇", "鹅湖镇", " · "), place_name("鹅湖镇", "鹅湖镇鹅湖居委会", " · ")
    ('鹅湖镇', '鹅湖镇 · 鹅湖居委会')
    """
    inner = division.removeprefix(township)
    return f"{township}{between}{inner}" if inner else township


@lru_cache(maxsize=4096)
def initials(text: str) -> str:
    """Return the first letter of each syllable, as typed in a search box.

    >>> initials("鹅湖镇"), initials("七四0居委会")
    ('ehz', 'qs0jwh')
    """
    return "".join(lazy_pinyin(text, style=Style.FIRST_LETTER)).lower()
