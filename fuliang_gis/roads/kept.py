"""The road graph kept on disk: read back in a moment where building it takes seconds.

Plain arrays alone (numpy's ``.npz`` without pickled objects), named by a digest of the very rows
that they were built from: neither another database nor an older network can be mistaken for it. A
file is written beside its name and renamed when whole; what cannot be read is built anew.
"""

from __future__ import annotations

import os
import secrets
import struct
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from fuliang_gis.routing.graph import RoadEdge, RoadGraph

#: Grows with every change of what is stored.
FORMAT = 1
#: Files of former networks that stay, for processes that still start with them.
_FORMER = 2
_DAMAGED = (
    *(OSError, ValueError, TypeError, LookupError, EOFError, RuntimeError, SyntaxError),
    *(MemoryError, struct.error, zlib.error, zipfile.BadZipFile),
)

Array = NDArray[np.generic]


def path_of(folder: Path, digest: str) -> Path:
    """Return where the graph of the rows with that digest is kept."""
    return folder / f"roads-{FORMAT}-{digest}.npz"


def store(folder: Path, digest: str, graph: RoadGraph) -> bool:
    """Keep a graph; tell whether that was possible. A full or read-only disk is no fault here."""
    path = path_of(folder, digest)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        with draft.open("wb") as file:
            np.savez(file, allow_pickle=False, **_arrays(graph))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        return False
    _tidy(folder, path)
    return True


def load(folder: Path, digest: str) -> RoadGraph | None:
    """Return the graph that was kept, or None where there is none that is whole."""
    try:
        with path_of(folder, digest).open("rb") as raw:
            # Arrays are read to their stated length alone; this reads all, against the checksums.
            with zipfile.ZipFile(raw) as archive:
                if archive.testzip() is not None:
                    return None
            raw.seek(0)
            with np.load(raw, allow_pickle=False) as file:
                return _graph(file)
    except _DAMAGED:
        return None


def _tidy(folder: Path, newest: Path) -> None:
    """Remove graphs of former networks, and drafts of processes that died."""
    with suppress(OSError):
        others = [each for each in folder.glob("roads-*.npz") if each != newest]
        others.sort(key=lambda each: each.stat().st_mtime, reverse=True)
        for each in others[_FORMER:]:
            each.unlink(missing_ok=True)
        for each in folder.glob(".roads-*.npz.*"):
            if not _alive(each.name.split(".")[-2]):
                each.unlink(missing_ok=True)


def _alive(process: str) -> bool:
    return Path("/proc", process).exists()


def _arrays(graph: RoadGraph) -> dict[str, Array]:
    edges = graph.edges
    names = [each.name or "" for each in edges]
    words, which = np.unique(
        np.array([*names, *(e.road_class for e in edges)]), return_inverse=True
    )
    return {
        "ids": np.array([(e.id, e.from_node, e.to_node) for e in edges], dtype=np.int64),
        "measures": np.array([(e.metres, e.speed_kmh) for e in edges], dtype=np.float64),
        "oneway": np.array([e.oneway for e in edges], dtype=np.bool_),
        "named": np.array([e.name is not None for e in edges], dtype=np.bool_),
        "words": words,
        "which": which.reshape(2, -1).astype(np.int64),
        "places": np.concatenate([e.line for e in edges]),
        "counts": np.array([len(e.line) for e in edges], dtype=np.int64),
        "lonlat": graph.lonlat,
        "arcs": np.array([graph.tail, graph.head, graph.edge], dtype=np.int64),
        "backward": graph.backward,
        "costs": np.array([graph.metres, graph.seconds], dtype=np.float64),
        "junctions": np.array(graph.junctions, dtype=np.int64),
        "order": np.array(graph.order if graph.order is not None else [], dtype=np.int64),
    }


def _graph(file: NpzFile) -> RoadGraph:
    """Put the graph together again.

    Raises:
        ValueError: The arrays do not fit each other.
    """
    found: Mapping[str, Array] = {name: file[name] for name in file.files}
    ids, counts = found["ids"], found["counts"]
    places = found["places"].astype(np.float64, copy=False)
    tail, head, edge = found["arcs"].astype(np.int64, copy=False)
    lonlat = found["lonlat"].astype(np.float64, copy=False)
    order = found["order"].astype(np.int64, copy=False)
    nodes = len(lonlat)
    fits = (
        counts.sum() == len(places)
        and len(counts) == len(ids) == len(found["oneway"])
        and len(tail) == len(found["backward"]) == found["costs"].shape[1]
        and max(tail.max(), head.max()) < nodes
        and edge.max() < len(ids)
        and np.array_equal(np.sort(order), np.arange(nodes))
    )
    if not fits:
        raise ValueError("the arrays of a kept graph do not fit each other")
    words = found["words"].tolist()
    names, classes = found["which"].tolist()
    lines = np.split(places, np.cumsum(counts)[:-1])
    edges = tuple(
        RoadEdge(number, a, b, metres, speed, line, oneway, words[n] if named else None, words[c])
        for (number, a, b), (metres, speed), line, oneway, named, n, c in zip(
            ids.tolist(),
            found["measures"].tolist(),
            lines,
            found["oneway"].tolist(),
            found["named"].tolist(),
            names,
            classes,
            strict=True,
        )
    )
    metres, seconds = found["costs"].astype(np.float64, copy=False)
    return RoadGraph(
        edges,
        lonlat,
        tail,
        head,
        edge,
        found["backward"].astype(np.bool_, copy=False),
        metres,
        seconds,
        int(found["junctions"]),
        order,
    )
