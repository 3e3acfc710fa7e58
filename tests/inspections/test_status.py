"""One colour for a location, told alike in Python and in the database."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from fuliang_gis.inspections.status.queries import status_case
from fuliang_gis.inspections.status.rules import Facts, StatusCode, code_of, status_of, styles
from fuliang_gis.locations.models import ASSET_CLASSES, USE_STATUSES

TODAY = date(2022, 10, 1)
NEAR = st.none() | st.integers(-2, 2).map(lambda days: TODAY + timedelta(days=days))

FACTS = st.builds(
    Facts,
    use_status=st.sampled_from(sorted(USE_STATUSES)),
    next_opens_on=NEAR,
    next_warn_on=NEAR,
    next_due_on=NEAR,
    has_duty=st.booleans(),
    open_defects=st.integers(0, 2),
    worst_severity=st.sampled_from([None, "minor", "ordinary", "serious"]),
    defect_due_on=NEAR,
    asset_class=st.sampled_from(sorted(ASSET_CLASSES)),
)

_ROW = """select {case} from (
    select %(use_status)s::text as use_status, %(asset_class)s::text as asset_class
) l left join (
    select %(next_opens_on)s::date as next_opens_on, %(next_warn_on)s::date as next_warn_on,
        %(next_due_on)s::date as next_due_on, %(has_duty)s::boolean as has_duty,
        %(open_defects)s::integer as open_defects, %(worst_severity)s::text as worst_severity,
        %(defect_due_on)s::date as defect_due_on
) s on true"""


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=FACTS)
def test_the_database_tells_the_same_code(connection: Connection, facts: Facts) -> None:
    """Whatever the facts, the SQL expression gives the code that the pure function gives."""
    given_ = {name: getattr(facts, name) for name in Facts.__dataclass_fields__}
    told = connection.exec_driver_sql(
        _ROW.format(case=status_case()), given_ | {"today": TODAY}
    ).scalar_one()
    assert told == code_of(facts, TODAY)


@given(facts=FACTS)
def test_every_status_has_its_sentence(facts: Facts) -> None:
    """A status carries the colour of its style and a sentence that ends."""
    status = status_of(facts, TODAY)
    assert status.colour == styles()[status.code].colour
    assert status.sentence.endswith("。")
    assert len(status.sentence) > 4


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (Facts("in_use"), StatusCode.NO_DUTY),
        (Facts("in_use", has_duty=True), StatusCode.FINE),
        (Facts("damaged", asset_class="household"), StatusCode.NO_DUTY),
        (Facts("disposed", asset_class="household"), StatusCode.DISPOSED),
        (
            Facts("idle", asset_class="household", open_defects=1, worst_severity="minor"),
            StatusCode.DEFECT,
        ),
        (Facts("lost", has_duty=True), StatusCode.DANGER),
        (Facts("disposed", open_defects=1, worst_severity="serious"), StatusCode.DISPOSED),
        (Facts("idle", open_defects=1, worst_severity="minor"), StatusCode.DEFECT),
        (Facts("idle", next_due_on=date(2022, 9, 30)), StatusCode.OVERDUE),
        (Facts("in_use", next_due_on=TODAY, next_warn_on=TODAY), StatusCode.DUE_SOON),
    ],
)
def test_the_gravest_wins(facts: Facts, code: StatusCode) -> None:
    """Of several statuses that would fit, the gravest is shown."""
    assert code_of(facts, TODAY) is code
