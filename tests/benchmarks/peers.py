"""The servers that we are measured beside, in a throw-away environment, and how each is started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg

from fuliang_gis.material import ROOT
from fuliang_gis.ogc.crs import CRS84
from tests.benchmarks import load

VENV = ROOT / "var" / "bench-venv"
PACKAGES = (
    "tipg",
    "pygeoapi",
    "uvicorn",
    "gunicorn",
    "psycopg2-binary",
    "sqlalchemy",
    "geoalchemy2",
)
OURS, TIPG, PYGEOAPI = 8603, 8604, 8605
TABLE = "bench_toilets"

# The peers read one flat table, indexed as they would have it, in the system that all of them take.
COPY = f"""
drop table if exists {TABLE};
create table {TABLE} as
select l.id, l.code, l.name, l.division_code, l.asset_class, l.use_status, l.review_state,
       l.custodian, l.data_source, l.survey_date, l.note, l.invented, l.version, l.updated_at,
       t.kind, t.condition, t.built_year, t.toilet_type, t.position, t.volume_m3, t.excreta_route,
       t.is_problem, t.problem_types, t.rectification, t.seats, t.capacity_t_d, t.process,
       t.design_m3d, t.served_households, t.task, t.water_type, t.area_m2, t.water_status,
       ST_SetSRID(l.geom, 4326) as geom
from location l join sanitation_facility t on t.location_id = l.id
where l.deleted_at is null and ST_GeometryType(l.geom) = 'ST_Point';
alter table {TABLE} add primary key (id);
alter table {TABLE} alter column geom type geometry(Point, 4326);
create index on {TABLE} using gist (geom);
analyze {TABLE};
grant select on {TABLE} to fuliang_service;
"""  # noqa: S608  # Constants of this module.


def prepare(owner_url: str) -> None:
    """Make the environment when it is missing, and the peers' table anew."""
    if not (VENV / "bin" / "pygeoapi").exists():
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
        subprocess.run([VENV / "bin" / "pip", "install", "--quiet", *PACKAGES], check=True)
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(COPY.encode())


@contextmanager
def running(
    command: Sequence[str],
    port: int,
    probe: bytes,
    environment: Mapping[str, str],
    log: Path,
) -> Iterator[None]:
    """Run a server for the block, from its first good answer on."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            env={**os.environ, **environment},
            cwd=ROOT,
            stdout=out,
            stderr=out,
        )
        try:
            _wait(process, port, probe, log)
            yield
        finally:
            process.terminate()
            process.wait(30)


def _wait(process: subprocess.Popen[bytes], port: int, probe: bytes, log: Path) -> None:
    until, head = time.monotonic() + 90, b""
    while time.monotonic() < until and process.poll() is None:
        try:
            head, _ = load.get(port, probe)
        except OSError:
            head = b""
        if b" 200 " in head[:20]:
            return
        time.sleep(0.3)
    raise RuntimeError(f"{head[:300]!r}\n{log.read_text('utf-8')[-3000:]}")


def tipg(connection: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """Return command and environment of TiPg."""
    command = [VENV / "bin" / "python", "-m", "uvicorn", "tipg.main:app", "--port", str(TIPG),
               "--workers", "2", "--log-level", "warning"]  # fmt: skip
    place = f"{connection['user']}:{connection['password']}@{quote(connection['host'], safe='')}"
    settings = {
        "DATABASE_URL": f"postgresql://{place}/{connection['dbname']}",
        "TIPG_DB_SCHEMAS": '["public"]',
        "TIPG_MAX_FEATURES_PER_TILE": "100000",
    }
    return [str(part) for part in command], settings


def pygeoapi(connection: Mapping[str, str], folder: Path) -> tuple[list[str], dict[str, str]]:
    """Return command and environment of pygeoapi, its configuration written into the folder."""
    config, api = folder / "pygeoapi.json", folder / "pygeoapi-openapi.json"
    config.write_text(json.dumps(_pygeoapi_config({**connection, "host": ""})), "utf-8")
    environment = {
        "PYGEOAPI_CONFIG": str(config),
        "PYGEOAPI_OPENAPI": str(api),
        # Its own address of the database has no place for a socket's folder.
        "PGHOST": connection["host"],
    }
    subprocess.run(
        [VENV / "bin" / "pygeoapi", "openapi", "generate", config, "--output-file", api],
        check=True, env={**os.environ, **environment}, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    command = [VENV / "bin" / "python", "-m", "gunicorn", "pygeoapi.flask_app:APP", "--bind",
               f"127.0.0.1:{PYGEOAPI}", "--workers", "2", "--threads", "8", "--worker-class",
               "gthread", "--log-level", "warning"]  # fmt: skip
    return [str(part) for part in command], environment


def _pygeoapi_config(connection: Mapping[str, str]) -> dict[str, object]:
    words = {"en": "bench"}
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": PYGEOAPI},
            "url": f"http://127.0.0.1:{PYGEOAPI}",
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "languages": ["en-US"],
            "limits": {"default_items": 1000, "max_items": 1000, "on_exceed": "throttle"},
            "map": {"url": "about:blank", "attribution": "-"},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {
                "title": words, "description": words, "keywords": {"en": ["bench"]},
                "keywords_type": "theme", "terms_of_service": "-", "url": "about:blank",
            },
            "license": {"name": "-", "url": "about:blank"},
            "provider": {"name": "-", "url": "about:blank"},
            "contact": {"name": "-", "url": "about:blank"},
        },
        "resources": {
            TABLE: {
                "type": "collection", "title": words, "description": words,
                "keywords": {"en": ["b"]},
                "links": [],
                "extents": {"spatial": {"bbox": [116, 28, 119, 31], "crs": CRS84}},
                "providers": [{
                    "type": "feature", "name": "PostgreSQL", "id_field": "id", "table": TABLE,
                    "geom_field": "geom", "data": {**connection, "search_path": ["public"]},
                }],
            }
        },
    }  # fmt: skip
