"""What callers rely on: the committed contract, its examples, docs that follow from the code."""

from __future__ import annotations

import importlib
import json
import pkgutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from fuliang_gis.cli import docs
from fuliang_gis.errors import all_errors
from fuliang_gis.material import API, ROOT
from fuliang_gis.settings import Settings
from fuliang_gis.web import api as web_api
from fuliang_gis.web.reference import addresses
from tests.inspections.pictures import multipart, phone_picture
from tests.web.conftest import World

EXAMPLES = sorted((API / "examples").glob("*.json"))


def test_generated_files_follow_the_code() -> None:
    """The committed contract and reference pages are what the code says; run `docs write`."""
    assert [str(path.relative_to(ROOT)) for path in docs.drifted()] == []


def reference(name: str) -> str:
    """Return one page of the reference."""
    return (ROOT / "docs" / "reference" / name).read_text("utf-8")


def test_every_error_setting_and_address_is_documented(world: World) -> None:
    """Each code, setting and address has its line, and each address says what it does."""
    for kind in all_errors():
        assert f"| `{kind.code}` |" in reference("errors.md")
    for name, field in Settings.model_fields.items():
        assert f"| `FULIANG_{name.upper()}` |" in reference("settings.md")
        assert field.description, name
    for rule, methods, _ in addresses(world.app):
        line = f"| {' '.join(methods)} | `{rule}` | "
        told = reference("http.md").partition(line)[2].partition(" |")[0]
        assert told, line


def test_every_api_operation_states_its_refusals(world: World) -> None:
    """Each operation is named, summarised, guarded, and documents what it refuses as problems."""
    document: dict[str, Any] = yaml.safe_load((API / "openapi.yaml").read_text("utf-8"))
    served = {rule for rule, _, _ in addresses(world.app) if rule.startswith("/api/v1/")}
    documented = {path.replace("{", "<").replace("}", ">") for path in document["paths"]}
    assert documented == served - {"/api/v1/openapi.json"}
    operations = [o for item in document["paths"].values() for o in item.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    for operation in operations:
        assert operation["summary"]
        assert operation["security"]
        refusals = [r for s, r in operation["responses"].items() if int(s) >= 400]
        assert refusals
        assert all("application/problem+json" in refusal["content"] for refusal in refusals)


def test_the_served_document_is_the_committed_one(world: World) -> None:
    """A running service gives the contract that is committed."""
    served = world.app.test_client().get("/api/v1/openapi.json").get_json()
    assert served == yaml.safe_load((API / "openapi.yaml").read_text("utf-8"))


@pytest.fixture(scope="module")
def token(world: World) -> dict[str, str]:
    """The header of a program that acts for county staff."""
    return world.token("county")


@pytest.fixture(scope="module")
def kept() -> dict[str, str]:
    """What earlier answers gave, by the name that later paths call it by in braces."""
    return {}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: str(path.stem))
def test_examples_are_answered_as_they_say(
    world: World, token: dict[str, str], kept: dict[str, str], path: Path
) -> None:
    """Replayed in order, each example's request gets the status, headers and values it states."""
    example = json.loads(path.read_text("utf-8"))
    asked, stated = example["request"], example["response"]
    told: dict[str, Any] = {"json": asked.get("body")}
    if "file" in asked:
        body, kind = multipart(phone_picture(), asked["file"], **asked.get("form", {}))
        told = {"data": body, "content_type": kind}
    answer = world.app.test_client().open(
        asked["path"].format_map(kept),
        method=asked["method"],
        headers=token | asked.get("headers", {}),
        **told,
    )
    given = answer.get_json()
    assert answer.status_code == stated["status"], given
    for name, value in stated.get("headers", {}).items():
        assert answer.headers[name] == value
    for name, value in stated["body"].items():
        assert given[name] == value if value != "..." else given[name]
    kept.update({name: str(given[value]) for name, value in stated.get("keep", {}).items()})


def test_no_two_shapes_of_the_api_share_a_name() -> None:
    """The document knows shapes by their names: the second would stand for the first, too."""
    homes: dict[str, set[str]] = {}
    for module in pkgutil.iter_modules(web_api.__path__, f"{web_api.__name__}."):
        for name, kind in vars(importlib.import_module(module.name)).items():
            if isinstance(kind, type) and issubclass(kind, BaseModel) and not name.startswith("_"):
                homes.setdefault(kind.__name__, set()).add(kind.__module__)
    assert len(homes) > 100
    assert {name: where for name, where in homes.items() if len(where) > 1} == {}
