"""Generated requests: whatever comes, the service answers as its contract says and never fails."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, given, settings
from schemathesis import BaseSchema, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from fuliang_gis.locations.checks import writable_fields
from fuliang_gis.locations.registry import layer, layers
from fuliang_gis.material import API
from tests.factories import point, sample_values
from tests.web.conftest import World
from tests.web.test_pages import place

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
#: Requests for each operation.
EXAMPLES = 25


@pytest.fixture(scope="module")
def contract(world: World) -> BaseSchema:
    """The contract as the running application serves it."""
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", world.app)


@pytest.fixture(scope="module")
def caller(world: World) -> dict[str, str]:
    """The header of a program that acts for county staff."""
    return world.token("county")


@pytest.fixture(scope="module")
def code(world: World) -> str:
    """A location that requests can hit."""
    return place(world).code


OPERATIONS = [
    (method.upper(), path)
    for path, item in yaml.safe_load((API / "openapi.yaml").read_text("utf-8"))["paths"].items()
    for method in item
]


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: str(mode.value))
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_no_request_breaks_the_contract(
    contract: BaseSchema,
    caller: dict[str, str],
    code: str,
    method: str,
    path: str,
    mode: GenerationMode,
) -> None:
    """No generated request makes the service fail or answer outside its contract."""

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
    )
    @given(case=contract[path][method].as_strategy(generation_mode=mode))
    def send(case: Case[Any]) -> None:
        lead(case, code)
        case.call_and_validate(headers=caller, checks=CHECKS)

    send()


def lead(case: Case[Any], code: str) -> None:
    """Lead half of the requests to a location that exists; random names never hit one."""
    parameters = case.path_parameters or {}
    if "layer" in parameters and len(str(parameters["layer"])) % 2:
        parameters["layer"] = "pv_stations"
        if "code" in parameters:
            parameters["code"] = code


EXTREMES: list[object] = [
    10**6,
    10**12,
    -(10**12),
    10**400,
    0.1234567890123456789,
    "1e400",
    "NaN",
    "-Infinity",
    "\0",
    "a\0b",
    "\u202e\ufeff",
    "字" * 2001,
    "9999-12-31",
    "0000-00-00",
    [],
    [None],
    ["x"] * 50,
    True,
    None,
]


@pytest.mark.parametrize("name", layers())
def test_no_value_of_any_field_makes_a_write_fail(
    world: World, caller: dict[str, str], name: str
) -> None:
    """Extreme values of each field of each layer are stored or refused, never a failure."""
    client, found = world.app.test_client(), layer(name)
    address = f"/api/v1/layers/{name}/locations"
    for value in EXTREMES:
        everywhere: dict[str, object] = {field.name: value for field in writable_fields(found)}
        refused = client.post(address, json={"values": everywhere, "geom": point()}, headers=caller)
        assert refused.status_code == 422, value
        faulty = {fault["field"] for fault in refused.get_json()["errors"]}
        # What the checks let pass goes to the database, together with sound values.
        passed = {n: v for n, v in everywhere.items() if n not in faulty}
        body = {"values": sample_values(found) | passed, "geom": point()}
        answer = client.post(address, json=body, headers=caller)
        assert answer.status_code in (201, 409, 422), (value, answer.get_data(as_text=True))
