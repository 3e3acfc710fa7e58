"""The graph kept on disk: the same when read back, never half of one, never another's."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from fuliang_gis.material import ROOT
from fuliang_gis.roads import kept, network
from fuliang_gis.roads.operations import bring_in
from fuliang_gis.roads.osm import read_osm
from fuliang_gis.roads.taken import Taken
from fuliang_gis.routing.graph import RoadGraph
from fuliang_gis.routing.hierarchy import contraction_order
from fuliang_gis.routing.travel import Travel
from tests.roads.osm_files import osm_file
from tests.roads.test_osm import CROSSING, VIA
from tests.routing.test_travel import square


def ordered(graph: RoadGraph) -> RoadGraph:
    """Return a graph with its order of contraction."""
    return replace(graph, order=contraction_order(graph))


def same(a: RoadGraph, b: RoadGraph) -> bool:
    """Tell whether two graphs are equal in every part."""
    arrays = ("lonlat", "tail", "head", "edge", "backward", "metres", "seconds", "order")
    plain = [replace(e, line=np.empty(0)) for e in (*a.edges, *b.edges)]
    return (
        all(np.array_equal(getattr(a, name), getattr(b, name)) for name in arrays)
        and [repr(e) for e in plain[: len(a.edges)]] == [repr(e) for e in plain[len(a.edges) :]]
        and all(np.array_equal(x.line, y.line) for x, y in zip(a.edges, b.edges, strict=True))
        and a.junctions == b.junctions
    )


def test_a_graph_comes_back_as_it_was(tmp_path: Path) -> None:
    """Every array and edge, names and none, one-ways and copies of junctions."""
    graph = square(oneway=True)
    graph = ordered(replace(graph, edges=(replace(graph.edges[0], name=None), *graph.edges[1:])))
    assert kept.load(tmp_path, "a") is None
    assert kept.store(tmp_path / "deep" / "er", "a", graph)
    found = kept.load(tmp_path / "deep" / "er", "a")
    assert found is not None
    assert same(found, graph)
    assert kept.load(tmp_path / "deep" / "er", "b") is None


def test_damaged_and_foreign_files_are_not_read(tmp_path: Path) -> None:
    """Cut anywhere, turned bits, pickles and other arrays: nothing comes of them, nothing runs."""
    graph = ordered(square())
    kept.store(tmp_path, "a", graph)
    path = kept.path_of(tmp_path, "a")
    whole = path.read_bytes()
    for length in (*range(0, len(whole), 97), len(whole) - 1):
        path.write_bytes(whole[:length])
        assert kept.load(tmp_path, "a") is None
    random = np.random.default_rng(1)
    for place in random.integers(0, len(whole), 200).tolist():
        turned = bytearray(whole)
        turned[place] ^= 0xFF
        path.write_bytes(turned)
        found = kept.load(tmp_path, "a")
        # What is beside the arrays may turn unseen; the arrays may not.
        assert found is None or same(found, graph)
    marker = tmp_path / "ran"
    for content in (b"", b"nothing", pickle.dumps({"a": 1})):
        path.write_bytes(content)
        assert kept.load(tmp_path, "a") is None
    evil = np.array([_Evil(marker)], dtype=object)
    with path.open("wb") as file:
        np.savez(file, ids=evil)
    assert kept.load(tmp_path, "a") is None
    assert not marker.exists()
    path.unlink()
    path.mkdir()
    assert kept.load(tmp_path, "a") is None


class _Evil:
    """An object that leaves a mark when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.marker),)


@pytest.mark.parametrize("part", ["arcs", "order", "counts", "costs", "words"])
def test_parts_that_do_not_fit_are_refused(tmp_path: Path, part: str) -> None:
    """A file that is whole but wrong is built anew."""
    kept.store(tmp_path, "a", ordered(square()))
    path = kept.path_of(tmp_path, "a")
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    arrays[part] = arrays[part][..., :-1] if part != "arcs" else arrays[part] + 100
    np.savez(path, **arrays)
    assert kept.load(tmp_path, "a") is None
    del arrays[part]
    np.savez(path, **arrays)
    assert kept.load(tmp_path, "a") is None


def test_where_nothing_can_be_kept(tmp_path: Path) -> None:
    """A place that is no folder only means that the next process builds again."""
    blocked = tmp_path / "file"
    blocked.write_text("", "utf-8")
    assert not kept.store(blocked, "a", ordered(square()))


def test_former_networks_go(tmp_path: Path) -> None:
    """Only the last few stay, and drafts of dead processes go."""
    (tmp_path / ".roads-1-x.npz.999999999.abcd").write_bytes(b"half")
    own = tmp_path / f".roads-1-y.npz.{os.getpid()}.abcd"
    own.write_bytes(b"half")
    graph = ordered(square())
    for number in range(6):
        kept.store(tmp_path, str(number), graph)
        os.utime(kept.path_of(tmp_path, str(number)), (number, number))
    left = {each.name for each in tmp_path.iterdir()}
    assert left == {f"roads-1-{n}.npz" for n in (3, 4, 5)} | {own.name}


_WRITER = """
import sys
from pathlib import Path
from fuliang_gis.roads import kept
from tests.roads.test_kept import ordered
from tests.routing.test_travel import square
graph = ordered(square())
print("ready", flush=True)
while True:
    kept.store(Path(sys.argv[1]), "a", graph)
"""


@pytest.mark.processes
def test_a_killed_writer_leaves_a_whole_file_or_none(tmp_path: Path) -> None:
    """However a process dies while it writes, what is under the name is whole."""
    graph = ordered(square())
    for wait in (0.0, 0.003, 0.011, 0.02, 0.05):
        command = [sys.executable, "-c", _WRITER, str(tmp_path)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(wait)
            writer.send_signal(signal.SIGKILL)
        found = kept.load(tmp_path, "a")
        assert found is None or same(found, graph)
    assert kept.store(tmp_path, "a", graph)
    assert not [each for each in tmp_path.iterdir() if each.name.startswith(".")]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where this process keeps graphs during a test."""
    network.keep_in(tmp_path)
    yield tmp_path
    network.keep_in(None)


def _forget() -> None:
    network._kept = None


def test_a_new_process_reads_what_another_built(
    session: Session,
    connection: Connection,
    folder: Path,
    tmp_path: Path,
    count_queries: Callable[[Engine | Connection], AbstractContextManager[list[str]]],
) -> None:
    """The second start reads no road from the database; changed rows are built anew."""
    relation = {5: (VIA, {"type": "restriction", "restriction": "no_left_turn"})}
    taken = read_osm(osm_file(tmp_path, CROSSING, relations=relation))
    bring_in(session, taken, "a")
    _forget()
    first = network.network(session)
    assert first.order is not None
    _forget()
    with count_queries(connection) as seen:
        second = network.network(session)
    assert len(seen) == 2
    assert second is not first
    assert same(first, second)
    a, b = Travel(first), Travel(second)
    places = first.lonlat[: first.junctions]
    assert np.array_equal(
        a.seconds(a.snap(places), a.snap(places)), b.seconds(b.snap(places), b.snap(places))
    )
    for change in (
        "update road set speed_kmh = speed_kmh + 1 where id = (select min(id) from road)",
        "update road set geom = ST_Reverse(geom) where id = (select max(id) from road)",
        "delete from road_turn",
    ):
        session.execute(text(change))
        # A restriction alone does not change while roads stay; here it stands for another import.
        _forget()
        with count_queries(connection) as seen:
            changed = network.network(session)
        assert len(seen) == 4
        assert not same(changed, second)
        second = changed
    assert len(list(folder.glob("*.npz"))) == 3


def test_a_damaged_file_is_written_anew(session: Session, folder: Path, tmp_path: Path) -> None:
    """What cannot be read costs a building, and is whole afterwards."""
    bring_in(session, Taken(read_osm(osm_file(tmp_path, CROSSING)).edges), "a")
    _forget()
    first = network.network(session)
    (path,) = folder.glob("*.npz")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    _forget()
    assert same(network.network(session), first)
    _forget()
    assert len(path.read_bytes()) == len(whole)
    assert same(network.network(session), first)
