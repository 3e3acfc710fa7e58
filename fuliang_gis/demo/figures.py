"""The county's published figures, each computed from the rows by SQL and compared."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.orm import Session

from fuliang_gis.material import DATA

_KEY = "select count(*) from village where key_level"
_TOILETS = "select count(*) from sanitation_facility where kind = 'household_toilet'"
_FUNDS = (
    "select sum(original_value_yuan) / 10000 from assistance_asset"
    " where formed_year = 2022 and fund_source"
)
#: Only what the demo brought counts: the county's own work changes no published figure.
_LEDGER = "from defect where source = 'supervision' and invented"
_SURVEYS = "select count(*) from household_survey"

#: SQL of each figure's value, in the figure's own unit.
QUERIES: dict[str, str] = {
    "VIL-01": f"{_KEY} = 'province'",
    "VIL-02": f"{_KEY} = 'city'",
    "VIL-03": f"{_KEY} = 'county'",
    "VIL-04": f"{_KEY} <> 'none'",
    "ORG-02": "select count(*) from village where workroom",
    "PV-01": "select count(*) from pv_station",
    # Twelve months lie between a station's last monthly reading and its thirteenth last.
    "PV-02": (
        "select sum(kwh) / 10000 from (select max(kwh) filter (where turn = 1)"
        " - max(kwh) filter (where turn = 13) as kwh from ("
        " select v.location_id, (reading ->> 'value')::numeric as kwh, row_number() over"
        " (partition by v.location_id order by v.visited_at desc) as turn"
        " from visit v join pv_station using (location_id),"
        " jsonb_array_elements(v.readings) reading"
        " where v.invented and v.superseded_at is null and reading ->> 'name' = 'meter_kwh'"
        ") as read group by location_id) as each_station"
    ),
    "RCT-01": f"select count(distinct aspect) {_LEDGER}",
    "RCT-02": f"select count(*) {_LEDGER}",
    "RCT-03": (
        "select count(*) from defect_measure join defect on defect.id = defect_id"
        " where source = 'supervision' and invented and defect_measure.state = 'verified'"
    ),
    "RCT-04": (
        "select round(100.0 * count(*) filter (where state = 'closed') / nullif(count(*), 0), 2)"
        f" {_LEDGER}"
    ),
    "WAT-11": "select count(*) from water_project",
    "WAT-12": "select sum(served_population) / 10000.0 from water_project",
    "WAT-13": (
        "select case when count(*) > 0 then 4 - count(distinct indicator)"
        " filter (where verdict is null or verdict = 'unmet') end"
        " from water_project, lateral (values"
        " ('quantity', quantity), ('quality', quality), ('convenience', convenience),"
        " ('guarantee', guarantee)) as assessed (indicator, verdict)"
    ),
    "JOB-13": "select count(*) from assistance_asset where kind = 'workshop'",
    "JOB-14": "select sum(beneficiary_workers) from assistance_asset where kind = 'workshop'",
    "FUN-01": f"{_FUNDS} in ('central_province', 'city', 'county')",
    "FUN-02": f"{_FUNDS} = 'central_province'",
    "FUN-03": f"{_FUNDS} = 'city'",
    "FUN-04": f"{_FUNDS} = 'county'",
    "TOI-03": "select sum(households) from village",
    "TOI-04": _SURVEYS,
    "TOI-05": f"{_SURVEYS} where entered_on is not null",
    "TOI-06": (
        "select round(100.0 * count(entered_on) / nullif(count(*), 0), 2) from household_survey"
    ),
    "TOI-07": _TOILETS,
    "TOI-08": f"{_TOILETS} and is_problem",
    "TOI-09": (
        "select round(100.0 * count(*) filter (where is_problem) / nullif(count(*), 0), 2)"
        " from sanitation_facility where kind = 'household_toilet'"
    ),
    "TOI-10": f"{_SURVEYS} where review_state in ('township_reviewed', 'county_verified')",
    "TOI-11": f"{_SURVEYS} where review_state = 'county_verified'",
    "TOI-12": (
        "select round(100.0 * (select count(*) from household_survey) / sum(households), 2)"
        " from village"
    ),
    "TOI-13": (
        "select round(100.0 * count(*) filter (where review_state in"
        " ('township_reviewed', 'county_verified')) / nullif(count(*), 0), 2) from household_survey"
    ),
    "ENV-02": (
        "select count(*) from sanitation_facility where kind = 'wastewater' and task = 'upgrade'"
    ),
    "ENV-03": "select count(*) from sanitation_facility where kind = 'black_water'",
    "PLN-01": (
        "select min(worth) from (select coalesce(sum(original_value_yuan), 0) / 10000 as worth"
        " from village join location at on at.id = village.location_id"
        " left join (assistance_asset asset join location place on place.id = asset.location_id)"
        " on place.division_code = at.division_code and asset.formed_year = 2022"
        " where village.key_level = 'province' group by village.location_id) as each_village"
    ),
    "PLN-02": (
        "select count(*) from village where key_level in ('city', 'county')"
        " and plan_status in ('drafting', 'drafted', 'approved')"
    ),
}

#: Figures that name a floor rather than a value.
FLOORS = frozenset({"PLN-01"})


@dataclass(frozen=True)
class Figure:
    """A published figure beside what the rows give."""

    figure_id: str
    phrase: str
    unit: str
    expected: Decimal
    actual: Decimal | None

    @property
    def holds(self) -> bool:
        """Tell whether the rows give the published value, or reach the published floor."""
        if self.actual is None:
            return False
        floor = self.figure_id in FLOORS
        return self.actual >= self.expected if floor else self.actual == self.expected


def published() -> Sequence[dict[str, str]]:
    """Return the published figures that the five layers carry."""
    with (DATA / "demo" / "figures.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def figures(session: Session) -> list[Figure]:
    """Compute every figure from the rows."""
    return [
        Figure(
            row["figure_id"],
            row["phrase_zh"],
            row["unit"],
            # The source writes one value with its counter: 4项.
            Decimal(row["value"].rstrip("项")),
            session.scalar(text(QUERIES[row["figure_id"]])),
        )
        for row in published()
    ]
