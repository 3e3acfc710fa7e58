"""What the ledger of problems is asked for, as its address carries it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flask import request, url_for

from fuliang_gis.accounts.roles import Actor
from fuliang_gis.inspections.defects.queries import SORTS, Filters

PAGE_SIZES = (25, 50, 100, 200)
_TOWNSHIP_DIGITS = 9
#: What may be chosen, by the name it has in the address.
_NAMES = ("state", "severity", "category", "source", "aspect")


@dataclass(frozen=True)
class Asked:
    """What the ledger is narrowed to and how it is ordered."""

    township: str
    village: str
    state: str
    severity: str
    category: str
    source: str
    aspect: str
    mine: bool
    q: str
    sort: str
    descending: bool
    page: int
    size: int

    def filters(self, actor: Actor) -> Filters:
        """The same for the query."""
        return Filters(
            division=self.village or self.township or None,
            owner_id=actor.account_id if self.mine else None,
            text=self.q or None,
            **{name: getattr(self, name) or None for name in _NAMES},
        )

    def wider(self, actor: Actor) -> Filters:
        """The same whatever the state, for the counts by state."""
        return replace(self.filters(actor), state=None)

    @property
    def narrowed(self) -> bool:
        """Whether it shows less than everything."""
        named = any(getattr(self, name) for name in (*_NAMES, "township", "village", "q"))
        return named or self.mine

    def address(self, endpoint: str = "defects.show_list", **changed: object) -> str:
        """Return the address of the same with something changed."""
        asked: dict[str, object] = {
            "township": self.township,
            "village": self.village,
            "mine": "1" if self.mine else "",
            "q": self.q,
            "sort": self.sort,
            "descending": "" if self.descending else "0",
            "page": self.page,
            "size": self.size,
            **{name: getattr(self, name) for name in _NAMES},
        }
        usual = {"sort": "found_at", "page": 1, "size": 50}
        kept = {n: v for n, v in (asked | changed).items() if v not in ("", usual.get(n))}
        return url_for(endpoint, **kept)  # type: ignore[arg-type]

    def sorted_by(self, name: str) -> str:
        """Return the address that sorts by a column, the other way round when it is sorted so."""
        turned = self.sort == name and not self.descending
        return self.address(sort=name, descending="" if turned else "0", page=1)

    def file_address(self, kind: str) -> str:
        """Return the address of the whole ledger as a file."""
        return self.address("defects.export", kind=kind, page=1, size=50)


def asked() -> Asked:
    """Read what is asked from the request's address."""
    given = {name: value.replace("\0", "")[:100] for name, value in request.args.items()}
    digits = {n: v if (v := given.get(n, "")).isdigit() else "" for n in ("township", "village")}
    village = digits["village"] if digits["village"].startswith(digits["township"]) else ""
    size = number(given.get("size", ""), 50)
    return Asked(
        township=digits["township"][:_TOWNSHIP_DIGITS],
        village=village,
        mine=given.get("mine") == "1",
        q=given.get("q", "").strip(),
        sort=sort if (sort := given.get("sort", "")) in SORTS else "found_at",
        descending=given.get("descending") != "0",
        page=number(given.get("page", ""), 1),
        size=size if size in PAGE_SIZES else 50,
        **{name: given.get(name, "") for name in _NAMES},
    )


def number(text: str, otherwise: int) -> int:
    """Read a whole number from an address, or take the other one."""
    plausible = text.isascii() and text.isdigit() and 0 < len(text) < 7
    return max(int(text), 1) if plausible else otherwise
