"""How near serving comes to PostgreSQL itself, and how far peers stay behind, in one run.

Each contestant serves the same rows (the demo county's sanitation facilities) to the same load
generator over the same number of connections, by turns, several rounds; medians are compared.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Session

from fuliang_gis.accounts import tokens
from fuliang_gis.accounts.models import Account
from fuliang_gis.accounts.roles import Actor, Role
from fuliang_gis.areas.operations import load_reference
from fuliang_gis.cartography.grid import TileAddress
from fuliang_gis.cartography.tiles import location_filter, location_statement
from fuliang_gis.db.cluster import Cluster
from fuliang_gis.db.session import driver_url
from fuliang_gis.db.upgrade import upgrade
from fuliang_gis.demo.operations import load as load_demo
from fuliang_gis.locations.registry import layer
from fuliang_gis.material import ROOT
from fuliang_gis.ogc.collections import collection
from fuliang_gis.ogc.queries import page_statement
from fuliang_gis.ogc.requests import cursor, read_items_request
from fuliang_gis.settings import Settings
from tests.benchmarks import load, peers
from tests.benchmarks.load import CONNECTIONS, Rate
from tests.benchmarks.quiet import wait_until_quiet

LAYER = "sanitation_facilities"
OURS = f"/ogc/collections/{LAYER}"
SECONDS, ROUNDS = (
    float(os.environ.get("BENCH_SECONDS", "3")),
    int(os.environ.get("BENCH_ROUNDS", "5")),
)
#: Zoom levels of the tiles asked for, and how many of each.
ZOOMS, TILES_EACH = (11, 12, 13, 14), 4
PAGE, PAGES = 1000, 12
#: The thousandth page of so many features begins deep in the layer.
SMALL_PAGE, DEEP = 50, 1000


@dataclass(frozen=True)
class Ground:
    """The prepared database, and what is asked of it."""

    service_url: str
    owner_url: str
    folder: Path
    token: str
    tiles: list[TileAddress]
    keys: list[int]
    deep_key: int


@contextmanager
def prepared() -> Iterator[Ground]:
    """Keep a cluster of the benchmark's own, with the demo county, running for the block."""
    settings = Settings(state=ROOT / "var" / "bench")
    with Cluster(settings).in_use() as cluster:
        owner, service = cluster.owner_url(), cluster.service_url()
        upgrade(owner, settings)
        engine = create_engine(driver_url(owner))
        with Session(engine) as session, session.begin():
            _fill(session, settings)
            token = _token(session)
            tiles, keys, deep = _tiles(session), _keys(session, PAGE), _keys(session, SMALL_PAGE)
        engine.dispose()
        _vacuum(owner)
        peers.prepare(owner)
        yield Ground(service, owner, settings.state_dir, token, tiles, keys[:PAGES], deep[DEEP - 2])


def _vacuum(owner_url: str) -> None:
    """Do now what the server does by itself within a minute of the rows' arrival."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("vacuum analyze")


def _fill(session: Session, settings: Settings) -> None:
    if session.scalar(text("select count(*) from location")):
        return
    load_reference(session)
    load_demo(session, seed=1, secrets_folder=settings.state_dir / "secrets")


def _token(session: Session) -> str:
    account = session.scalars(select(Account).where(Account.username == "county")).one()
    return tokens.create(session, None, account, f"bench {os.getpid()}", 1)


def _tiles(session: Session) -> list[TileAddress]:
    """Return the tiles in which locations lie that were drawn once and for all, by zoom level."""
    statement = text("""
select x, y
from location, lateral (select ST_PointOnSurface(geom) as p) as places,
     lateral (select floor((ST_X(p) + 180) / 360 * 2 ^ :z)::integer as x,
                     floor((1 - asinh(tan(radians(ST_Y(p)))) / pi()) / 2 * 2 ^ :z)::integer as y
             ) as t
where layer = :layer group by x, y order by min(md5(code)) limit :most""")
    return [
        TileAddress(z, x, y)
        for z in ZOOMS
        for x, y in session.execute(statement, {"z": z, "layer": LAYER, "most": TILES_EACH})
    ]


def _keys(session: Session, size: int) -> list[int]:
    """Return the last key of every page of that size."""
    statement = text("""
select id from (select id, row_number() over (order by id) as place from location
                where layer = :layer and deleted_at is null) as placed
where place % :size = 0 order by id""")
    return list(session.scalars(statement, {"layer": LAYER, "size": size}))


# --- what is asked ---


def tile_requests(ground: Ground, **headers: str) -> list[bytes]:
    """Return the requests for tiles of ours."""
    return [
        load.request(f"{OURS}/tiles/WebMercatorQuad/{t.z}/{t.y}/{t.x}", peers.OURS,
                     Authorization=f"Bearer {ground.token}", **headers)
        for t in ground.tiles
    ]  # fmt: skip


def held_requests(ground: Ground) -> list[bytes]:
    """Return the same requests from somebody who holds each tile already."""
    made = []
    for asked in tile_requests(ground):
        head, _ = load.get(peers.OURS, asked)
        (tag,) = re.findall(rb"(?im)^etag: (\S+)", head)
        made.append(asked.replace(b"\r\n\r\n", b"\r\nIf-None-Match: " + tag + b"\r\n\r\n"))
    return made


def page_requests(ground: Ground, keys: list[int], size: int) -> list[bytes]:
    """Return the requests for pages of ours."""
    return [
        load.request(f"{OURS}/items?limit={size}&cursor={cursor(key)}", peers.OURS,
                     Authorization=f"Bearer {ground.token}")
        for key in keys
    ]  # fmt: skip


# --- PostgreSQL alone ---

_READER = Actor(1, "bench", "", Role.COUNTY_STAFF, "360222", "")


def tile_scripts(ground: Ground) -> list[str]:
    """Return the statements of our tiles."""
    # As the service asks: the statuses of today are told.
    wanted = location_filter(layer(LAYER), _READER.scope, {})
    made = (location_statement(layer(LAYER), each, wanted) for each in ground.tiles)
    return [_literal(ground, each.sql, dict(each.params)) for each in made]


def page_scripts(ground: Ground) -> list[str]:
    """Return the statements of our pages."""
    asked = [{"limit": str(PAGE), "cursor": cursor(key)} for key in ground.keys]
    made = (page_statement(_READER, read_items_request(collection(LAYER), each)) for each in asked)
    return [_literal(ground, each.sql, dict(each.params)) for each in made]


def _literal(ground: Ground, sql: str, params: dict[str, object]) -> str:
    with psycopg.connect(ground.service_url) as connection:
        whole = psycopg.ClientCursor(connection).mogrify(sql.encode(), params)
    return " ".join(whole.split())


def pgbench(ground: Ground, name: str, scripts: list[str]) -> Rate:
    """Run the statements by turns over the unix socket, on as many connections."""
    folder = ground.folder / f"pgbench-{name}"
    folder.mkdir(exist_ok=True)
    files = []
    for number, script in enumerate(scripts):
        file = folder / f"{number}.sql"
        file.write_text(script + ";\n", "utf-8")
        files += ["-f", str(file)]
    command = ["pgbench", "-n", "-c", str(CONNECTIONS), "-j", "2", "-T", str(int(max(SECONDS, 1))),
               *files, ground.service_url]  # fmt: skip
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    (rate,) = re.findall(r"tps = ([\d.]+) \(without", done.stdout)
    return Rate(float(rate), 0)


# --- geopandas ---


def frames(ground: Ground) -> Rate:
    """Read pages by ``read_postgis`` and write them by ``to_json``, a process a core."""
    share = [ground.keys[::2], ground.keys[1::2]]
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(_frames, [ground.service_url] * 2, share, [0.1] * 2))
        return Rate(sum(pool.map(_frames, [ground.service_url] * 2, share, [SECONDS] * 2)), 0)


def _frames(url: str, keys: list[int], seconds: float) -> float:
    import geopandas

    engine = create_engine(driver_url(url))
    began, pages = time.perf_counter(), 0
    with engine.connect() as connection:
        while time.perf_counter() - began < seconds:
            key = keys[pages % len(keys)]
            chosen = f"where id > {key} order by id limit {PAGE}"
            sql = f"select * from {peers.TABLE} {chosen}"  # noqa: S608  # Numbers.
            frame = geopandas.read_postgis(sql, connection, geom_col="geom")
            for name in frame.select_dtypes(include=["datetime", "datetimetz"]).columns:
                frame[name] = frame[name].astype(str)
            frame.to_json(default=str)
            pages += 1
    return pages / (time.perf_counter() - began)


# --- the run ---


def contestants(ground: Ground) -> dict[str, Callable[[], Rate]]:
    """Return who is measured, by name."""
    tiles, held = tile_requests(ground), held_requests(ground)
    pages = page_requests(ground, ground.keys, PAGE)
    first = page_requests(ground, [0], SMALL_PAGE)
    deep = page_requests(ground, [ground.deep_key], SMALL_PAGE)
    tile_sql, page_sql = tile_scripts(ground), page_scripts(ground)
    tipg = [
        load.request(
            f"/collections/public.{peers.TABLE}/tiles/WebMercatorQuad/{t.z}/{t.x}/{t.y}", peers.TIPG
        )
        for t in ground.tiles
    ]
    others = [
        load.request(
            f"/collections/{peers.TABLE}/items?f=json&limit={PAGE}&offset={PAGE * n}",
            peers.PYGEOAPI,
        )
        for n in range(PAGES)
    ]
    return {
        "tile": lambda: load.measure(peers.OURS, tiles, SECONDS),
        "tile_pgbench": lambda: pgbench(ground, "tile", tile_sql),
        "tile_held": lambda: load.measure(peers.OURS, held, SECONDS, 304),
        "tile_tipg": lambda: load.measure(peers.TIPG, tipg, SECONDS),
        "page": lambda: load.measure(peers.OURS, pages, SECONDS),
        "page_pgbench": lambda: pgbench(ground, "page", page_sql),
        "page_pygeoapi": lambda: load.measure(peers.PYGEOAPI, others, SECONDS),
        "page_geopandas": lambda: frames(ground),
        "first": lambda: load.measure(peers.OURS, first, SECONDS),
        "deep": lambda: load.measure(peers.OURS, deep, SECONDS),
    }


def servers(ground: Ground, stack: ExitStack) -> None:
    """Start everybody."""
    command = [sys.executable, "-m", "tests.benchmarks.web"]
    probe = load.request("/healthz", peers.OURS)
    own = {"FULIANG_STATE": str(ground.folder), "FULIANG_LOG_LEVEL": "INFO",
           "FULIANG_PORT": str(peers.OURS), "FULIANG_WEB_WORKERS": "2",
           "FULIANG_WEB_THREADS": "8"}  # fmt: skip
    stack.enter_context(peers.running(command, peers.OURS, probe, own, ground.folder / "ours.log"))
    with psycopg.connect(ground.service_url) as connection:
        known = connection.info
        given = {"host": known.host, "dbname": known.dbname, "user": known.user,
                 "password": known.password, "port": str(known.port)}  # fmt: skip
    command, environment = peers.tipg(given)
    probe = load.request("/healthz", peers.TIPG)
    stack.enter_context(
        peers.running(command, peers.TIPG, probe, environment, ground.folder / "tipg.log")
    )
    command, environment = peers.pygeoapi(given, ground.folder)
    probe = load.request(f"/collections/{peers.TABLE}/items?f=json&limit=1", peers.PYGEOAPI)
    stack.enter_context(
        peers.running(command, peers.PYGEOAPI, probe, environment, ground.folder / "pygeoapi.log")
    )


def main() -> None:
    """Measure, print a table, end with one line of JSON."""
    with prepared() as ground, ExitStack() as stack:
        servers(ground, stack)
        wait_until_quiet()
        running = contestants(ground)
        for measure in running.values():
            measure()
        rounds = [{name: measure() for name, measure in running.items()} for _ in range(ROUNDS)]
    rates = {name: statistics.median(r[name].per_second for r in rounds) for name in running}
    for name, rate in rates.items():
        low, high = (pick(r[name].per_second for r in rounds) for pick in (min, max))
        print(
            f"{name:16} {rate:9.1f} /s {low:9.1f} … {high:9.1f} {rounds[0][name].bytes_each:9.0f} B"
        )
    pairs = {
        "tile_vs_pgbench": ("tile", "tile_pgbench"),
        "page_vs_pgbench": ("page", "page_pgbench"),
        "etag_vs_tile": ("tile_held", "tile"),
        "tile_vs_tipg": ("tile", "tile_tipg"),
        "page_vs_pygeoapi": ("page", "page_pygeoapi"),
        "page_vs_geopandas": ("page", "page_geopandas"),
        "deep_page_vs_first": ("deep", "first"),
    }
    ratios = {key: round(rates[a] / rates[b], 2) for key, (a, b) in pairs.items()}
    conditions = {"rounds": ROUNDS, "seconds": SECONDS, "connections": CONNECTIONS,
                  "cores": os.cpu_count(),
                  "load": round(os.getloadavg()[0], 1), "layer": LAYER,
                  "zooms": ZOOMS, "page": PAGE,
                  "python": sys.version.split()[0]}  # fmt: skip
    print(json.dumps({"bench": "serving", "ratios": ratios, "conditions": conditions}))


if __name__ == "__main__":
    main()
