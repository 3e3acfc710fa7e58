"""Prometheus figures: requests by route template, requests under way, database connections in use.

With several worker processes the library adds them up from files in a shared folder, made by
``workers.py``; without one, the figures are those of this process.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import REGISTRY

from fuliang_gis.jobs.operations import waiting_jobs
from fuliang_gis.web.context import database
from fuliang_gis.web.workers import VARIABLE, forget_dead

REQUESTS = Histogram(
    "fuliang_request_seconds",
    "Time to answer a request [s].",
    ["endpoint", "method", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
UNDER_WAY = Gauge(
    "fuliang_requests_in_progress", "Requests being answered.", multiprocess_mode="livesum"
)
CONNECTIONS = Gauge(
    "fuliang_database_connections_in_use",
    "Pooled database connections in use.",
    multiprocess_mode="livesum",
)


WAITING = Gauge(
    "fuliang_jobs_waiting", "Jobs that wait for a worker.", multiprocess_mode="mostrecent"
)


def init_app(app: Flask) -> None:
    """Count every request of the application."""
    app.before_request(_begin)
    app.after_request(_finish)
    app.teardown_request(_leave)


def _begin() -> None:
    g.metric_began = time.perf_counter()
    UNDER_WAY.inc()


def _finish(response: Response) -> Response:
    # The route template, never the path: a path would make a series of every code somebody tries.
    endpoint = request.url_rule.rule if request.url_rule else "unmatched"
    elapsed = time.perf_counter() - g.get("metric_began", time.perf_counter())
    method = request.method if request.method in _METHODS else "other"
    count(endpoint, method, str(response.status_code), elapsed)
    return response


def count(endpoint: str, method: str, status: str, seconds: float) -> None:
    """Count one answered request."""
    REQUESTS.labels(endpoint, method, status).observe(seconds)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _leave(_error: BaseException | None) -> None:
    if "metric_began" in g:
        UNDER_WAY.dec()
    CONNECTIONS.set(connections_in_use())


def connections_in_use() -> int:
    """Return how many pooled connections of this process are lent out."""
    counted = getattr(database().engine.pool, "checkedout", lambda: 0)
    return int(counted())


def exposition() -> bytes:
    """Return every figure in the text form that Prometheus reads."""
    with database().reading() as session:
        WAITING.set(waiting_jobs(session))
    if VARIABLE not in os.environ:
        return generate_latest(REGISTRY)
    forget_dead(Path(os.environ[VARIABLE]))
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
