"""The web processes: one that keeps the others, and those that answer."""

from __future__ import annotations

import importlib
import logging
import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from fuliang_gis.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

#: What only some pages need and takes seconds to load, and how long after its start a process
#: does so [s]: nobody should be the one who waits for it, nor should anybody's first page.
HEAVY = ("fuliang_gis.cartography.village_map", "mapclassify", "weasyprint")
WARM_UP_AFTER_S = 15.0

#: How long what is being answered may take when the service stops [s].
GRACE_S = 10

#: The server's own words go where all others go, in the form of all others.
_LOGGING: dict[str, Any] = {"handlers": {}, "formatters": {}, "loggers": {"_granian": {}}}


def run(settings: Settings, application: WSGIApplication) -> None:
    """Answer requests in several processes until asked to stop.

    The application is loaded before the processes part: a sooner start and shared memory.

    Args:
        application: What answers; no connection of it may be open yet.
    """

    def begin() -> WSGIApplication:
        _begin()
        return application

    server = Granian(
        "fuliang_gis",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.web_workers,
        blocking_threads=settings.web_threads,
        http=HTTPModes.http1,
        respawn_failed_workers=True,
        workers_kill_timeout=GRACE_S,
        log_level=LogLevels.error,
        log_dictconfig=_LOGGING,
    )
    server.serve(target_loader=begin, wrap_loader=False)


def _begin() -> None:
    """Settle a process that has just parted from its parent."""
    # Waking for every 8 kB that the database sends, and taking the processor from it each time,
    # costs a long answer a tenth of its time. A batch process waits until its turn comes.
    # A container that forbids it is only slower.
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    timer = threading.Timer(WARM_UP_AFTER_S, _warm_up)
    timer.daemon = True
    timer.start()


def _warm_up() -> None:
    for name in HEAVY:
        try:
            importlib.import_module(name)
        except OSError:
            # Without the system's Pango there is no printing; the page that prints says so.
            logging.getLogger(__name__).info("%s is not available", name)
