"""``fuliang roads …``: import roads from OSM or a county's own layer, report how they join."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from fuliang_gis.cli.context import load_settings, owner_session, say
from fuliang_gis.db.guard import county_extent
from fuliang_gis.errors import Invalid
from fuliang_gis.locations.registry import layers
from fuliang_gis.roads import connectivity, network, osm, queries
from fuliang_gis.roads.hanging import MAIN, Part
from fuliang_gis.roads.line_fields import Fields, read_mapping
from fuliang_gis.roads.lines import LineOptions, read_lines
from fuliang_gis.roads.models import ROAD_CLASSES
from fuliang_gis.roads.operations import bring_in, outside
from fuliang_gis.roads.taken import Extent, Taken

#: How many islands are listed.
_LISTED = 10

app = typer.Typer(help="道路：导入 OSM 或县级道路图层，检查连通。", no_args_is_help=True)


@app.command("import", help="导入道路（.osm.pbf、.osm，或 .shp、.gpkg、.geojson），替换现有道路。")
def import_file(
    file: Annotated[Path, typer.Argument(help="道路文件。", exists=True, dir_okay=False)],
    add: Annotated[  # noqa: FBT002  # Typer makes a flag of it.
        bool, typer.Option("--add", help="保留现有道路，只增加。")
    ] = False,
    within_county: Annotated[  # noqa: FBT002
        bool, typer.Option("--within-county", help="裁去县域范围以外的道路。")
    ] = False,
    dry_run: Annotated[  # noqa: FBT002
        bool, typer.Option("--dry-run", help="只读取并报告，不写入。")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="不再询问。")] = False,  # noqa: FBT002
    fields: Annotated[
        Path | None, typer.Option(help="字段对应文件（TOML）。", exists=True, dir_okay=False)
    ] = None,
    name: Annotated[str | None, typer.Option(help="道路名称所在字段。")] = None,
    road_class: Annotated[str | None, typer.Option("--class", help="道路等级所在字段。")] = None,
    speed: Annotated[str | None, typer.Option(help="车速（km/h）所在字段。")] = None,
    oneway: Annotated[str | None, typer.Option(help="单行所在字段。")] = None,
    surface: Annotated[str | None, typer.Option(help="路面所在字段。")] = None,
    snap: Annotated[float, typer.Option(min=0, max=100, help="悬挂端点的连接距离（米）。")] = 5.0,
    layer: Annotated[str | None, typer.Option(help="文件有多个图层时，读哪一个。")] = None,
    crs: Annotated[int | None, typer.Option(help="坐标系的 EPSG 代码（文件没有注明时）。")] = None,
    encoding: Annotated[str | None, typer.Option(help="SHP 属性表的编码，如 GBK。")] = None,
) -> None:
    """Read a file, tell what is in it, and take its roads in after a yes."""
    extent = county_extent() if within_county else None
    named = Fields(name, road_class, speed, oneway, surface)
    mapped = _merged(read_mapping(fields) if fields else Fields(), named)
    taken = _read(file, LineOptions(mapped, snap, layer, crs, encoding), extent)
    _tell(taken)
    if dry_run:
        if leaving := outside(taken):
            say(f"有 {leaving} 段超出县域范围；导入时请加 --within-county。")
        say("只是试读，没有写入。")
        return
    with owner_session() as session:
        there = queries.count(session)
        act = f"在现有 {there} 段道路之外增加" if add else f"用这些道路替换现有的 {there} 段"
        if not yes:
            typer.confirm(f"将{act}，是否继续？", abort=True)
        done = bring_in(session, taken, file.name, add=add)
        say(f"写入 {done.edges} 段道路、{done.turns} 处转向限制，移除 {done.removed} 段。")
        if add:
            say(f"接到现有路口 {done.joined} 处；{done.there} 段原已存在，未重复写入。")
        _report(session, connectivity.FARTHER_M)
    say("已导入。")


def _merged(base: Fields, named: Fields) -> Fields:
    """Return a mapping in which what was named at the terminal comes first."""
    return Fields(
        named.name or base.name,
        named.road_class or base.road_class,
        named.speed or base.speed,
        named.oneway or base.oneway,
        named.surface or base.surface,
        base.classes,
    )


def _read(file: Path, options: LineOptions, extent: Extent | None) -> Taken:
    if file.name.lower().endswith(osm.SUFFIXES):
        return osm.read_osm(file, extent)
    try:
        return read_lines(file, options, extent)
    except Invalid as refusal:
        for problem in refusal.problems:
            say(problem.zh)
        raise


def _tell(taken: Taken) -> None:
    lengths = taken.lengths() / 1000
    say(f"读到 {len(taken.edges)} 段道路，共 {lengths.sum():,.1f} 公里：")
    for road_class, zh in ROAD_CLASSES.items():
        own = [i for i, edge in enumerate(taken.edges) if edge.road_class == road_class]
        if own:
            say(f"  {zh} {lengths[own].sum():,.1f} 公里（{len(own)} 段）")
    for note in taken.notes:
        examples = f"，例如 {'；'.join(note.examples)}" if note.examples else ""
        say(f"- {note.zh}：{note.count:,}{examples}")


@app.command("report", help="检查连通：孤立路段、只进不出的路、离路太远的点位。")
def report(
    farther: Annotated[
        float, typer.Option(min=0, help="离最近道路多少米以上算远。")
    ] = connectivity.FARTHER_M,
) -> None:
    """Tell how the roads hang together and what they do not reach."""
    settings = load_settings()
    network.keep_in(settings.state_dir / "cache")
    with owner_session(settings) as session:
        _report(session, farther)


def _report(session: Session, farther: float) -> None:
    found = connectivity.report(session, "")
    hanging = found.hanging
    say(
        f"路网：{len(found.graph.edges)} 段、{found.graph.junctions} 个路口、"
        f"{found.kilometres:,.1f} 公里；分成 {hanging.components} 片，"
        f"主网占 {hanging.share:.1%}。"
    )
    _tell_parts("孤立路段", found.islands)
    _tell_parts("只进不出（或只出不进）的路", found.traps)
    far = int((found.near.metres > farther).sum())
    off = int((found.near.standing != MAIN).sum())
    say(
        f"点位 {len(found.ids):,} 处：离路 {farther:g} 米以上 {far:,} 处，"
        f"最近的路到不了 {off:,} 处。"
    )
    names = queries.township_names(session)
    titles = {name: each.sheet.title.zh for name, each in layers().items()}
    for (township, layer), cut in sorted(found.cuts(farther).items()):
        where = f"{names.get(township, township)} {titles.get(layer, layer)}"
        say(f"  {where}：离路远 {cut.far} 处，到不了 {cut.unreachable} 处")


def _tell_parts(title: str, parts: Sequence[Part]) -> None:
    if not parts:
        say(f"{title}：没有。")
        return
    length = sum(part.kilometres for part in parts)
    say(f"{title}：{len(parts)} 处，共 {length:,.1f} 公里。")
    for part in parts[:_LISTED]:
        lon, lat = part.place
        named = f"（{'、'.join(part.names)}）" if part.names else ""
        say(f"  {part.kilometres:,.2f} 公里、{part.edges} 段{named}，位置 {lon:.6f}, {lat:.6f}")
