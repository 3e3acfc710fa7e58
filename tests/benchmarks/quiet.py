"""Waiting until servers have started, so that nobody's start is measured."""

from __future__ import annotations

import time

import psutil

from fuliang_gis.cli.web import WARM_UP_AFTER_S

#: Processes count as quiet when they use less processor time than this in a second [s].
QUIET_CPU_S = 0.1
PATIENCE_S = 60


def wait_until_quiet() -> None:
    """Wait until no process that this one has started works any more."""
    # Our web processes load what printing and folium need a while after their start, once.
    time.sleep(WARM_UP_AFTER_S)
    until = time.monotonic() + PATIENCE_S
    children = psutil.Process().children(recursive=True)
    while time.monotonic() < until:
        before = sum(sum(each.cpu_times()[:2]) for each in children)
        time.sleep(1)
        if sum(sum(each.cpu_times()[:2]) for each in children) - before < QUIET_CPU_S:
            return
