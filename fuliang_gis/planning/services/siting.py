"""Which places serve best: fewest for all, most with a few, least time with a few (pure).

Location models of spopt, solved by HiGHS: the location set covering problem (Toregas et al. 1971),
maximal covering (Church and ReVelle 1974) and the p-median (Hakimi 1964). The same question gives
the same answer, unless the time limit ends the search.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from fuliang_gis.routing.graph import Floats

if TYPE_CHECKING:
    from spopt.locate import LSCP, MCLP, PMedian

Model = Literal["cover_all", "most_covered", "least_time"]
MODELS: dict[Model, tuple[str, str]] = {
    "cover_all": ("用最少的点覆盖全部住户", "fewest sites that cover all (LSCP)"),
    "most_covered": ("点数固定，覆盖最多住户", "most households with p sites (MCLP)"),
    "least_time": ("点数固定，总时间最短", "least weighted time with p sites (p-median)"),
}
#: A way that does not exist counts as so many times the longest one that does.
_NO_WAY = 10.0


@dataclass(frozen=True)
class Sited:
    """Chosen candidates, ascending; who is out of reach of all; whether it is proven the best."""

    chosen: tuple[int, ...]
    out_of_reach: tuple[int, ...]
    optimal: bool


@dataclass(frozen=True)
class Question:
    """What is asked: times [min] ``(demands, candidates)``, times to what stands ``(demands,)``.

    ``households`` weigh the demands; ``sites`` is p (not for ``cover_all``); ``seconds`` is what
    the solver may take.
    """

    model: Model
    minutes: Floats
    existing: Floats
    households: Floats
    limit: float
    sites: int = 1
    seconds: float = 20.0


def grouped(asked: Question, places: Floats, side_m: float) -> Question:
    """Return the question with homesteads of one square as one demand, their mean times.

    Meant for the least time, where a square's homesteads hardly differ; homesteads with other
    places out of their reach stay apart.

    Args:
        places: Where homesteads lie [m], shape ``(demands, 2)``.
        side_m: The squares' side [m].
    """
    ways = np.column_stack([np.isfinite(asked.existing), np.isfinite(asked.minutes)])
    _, kind = np.unique(ways, axis=0, return_inverse=True)
    keys = np.column_stack([np.floor(places / side_m), kind.reshape(-1)])
    _, group = np.unique(keys, axis=0, return_inverse=True)
    group = group.reshape(-1)
    homes = np.bincount(group, weights=asked.households).astype(np.float64)
    shares = asked.households / homes[group]

    def mean(times: Floats) -> Floats:
        # No way times a share is no way still.
        found = np.zeros((len(homes), *times.shape[1:]))
        np.add.at(found, group, (times.T * shares).T)
        return found

    return replace(
        asked, minutes=mean(asked.minutes), existing=mean(asked.existing), households=homes
    )


def reachable(asked: Question) -> NDArray[np.bool_]:
    """Tell who some candidate or what stands reaches: in time, or at all for the least time."""
    reach = np.minimum(asked.existing, asked.minutes.min(axis=1, initial=np.inf))
    found: NDArray[np.bool_] = (
        np.isfinite(reach) if asked.model == "least_time" else reach <= asked.limit
    )
    return found


def site(asked: Question) -> Sited:
    """Choose candidates.

    Whoever what stands already serves needs no site (``cover_all``, ``most_covered``) or goes
    there if that is quicker (``least_time``).
    """
    wanted = reachable(asked)
    out = tuple(np.flatnonzero(~wanted).tolist())
    open_ = wanted & (asked.existing > asked.limit)
    if asked.model == "least_time":
        open_ = wanted
    candidates = asked.minutes.shape[1]
    if not open_.any() or not candidates:
        return Sited((), out, optimal=True)
    solve = {"cover_all": _cover_all, "most_covered": _most_covered, "least_time": _least_time}
    chosen, optimal = solve[asked.model](asked, open_)
    return Sited(tuple(sorted(chosen)), out, optimal)


def _cover_all(asked: Question, open_: NDArray[np.bool_]) -> tuple[list[int], bool]:
    # The models bring pandas, scikit-learn and more: only who asks for sites waits for them.
    from spopt.locate import LSCP

    table = _table(asked.minutes[open_], asked.limit)
    model = LSCP.from_cost_matrix(table, asked.limit)
    return _solved(model, asked)


def _most_covered(asked: Question, open_: NDArray[np.bool_]) -> tuple[list[int], bool]:
    from spopt.locate import MCLP

    count = min(asked.sites, asked.minutes.shape[1])
    table = _table(asked.minutes[open_], asked.limit)
    model = MCLP.from_cost_matrix(table, asked.households[open_], asked.limit, count)
    chosen, optimal = _solved(model, asked)
    # Sites beyond those that anybody needs serve nobody.
    within = table <= asked.limit
    return [n for n in chosen if within[:, n].any()], optimal


def _least_time(asked: Question, open_: NDArray[np.bool_]) -> tuple[list[int], bool]:
    from spopt.locate import PMedian

    count = min(asked.sites, asked.minutes.shape[1])
    table, existing = asked.minutes[open_], asked.existing[open_]
    longest = float(max(np.max(part[np.isfinite(part)], initial=1.0) for part in (table, existing)))
    # All that stands is one more site, open already: each goes to the quickest of it.
    stands = bool(np.isfinite(existing).any())
    if stands:
        table = np.column_stack([table, existing])
    table = np.where(np.isfinite(table), table, _NO_WAY * longest)
    given = np.zeros(table.shape[1])
    given[-1] = stands
    model = PMedian.from_cost_matrix(
        table,
        asked.households[open_],
        count + stands,
        predefined_facilities_arr=given if stands else None,
    )
    chosen, optimal = _solved(model, asked)
    return [n for n in chosen if n < asked.minutes.shape[1]], optimal


def _table(minutes: Floats, limit: float) -> Floats:
    """Return times as models take them: none is infinite."""
    return np.where(np.isfinite(minutes), minutes, 2 * limit + 1)


def _solved(model: LSCP | MCLP | PMedian, asked: Question) -> tuple[list[int], bool]:
    import pulp

    # These models are as tight as they get: presolving them only takes time.
    solver = pulp.HiGHS(msg=False, timeLimit=asked.seconds, threads=1, presolve="off")
    model.problem.solve(solver)
    chosen = [n for n, each in enumerate(vars(model)["fac_vars"]) if (each.value() or 0) > 0.5]
    return chosen, model.problem.sol_status == pulp.LpSolutionOptimal
