"""What gunicorn calls in its processes."""

from __future__ import annotations

import importlib
import logging
import os
import threading

#: What only some pages need and takes seconds to load, and how long after its start a process
#: does so [s]: nobody should be the one who waits for it, nor should anybody's first page.
HEAVY = ("fuliang_gis.cartography.village_map", "mapclassify", "weasyprint")
WARM_UP_AFTER_S = 15.0


def post_worker_init(_worker: object) -> None:
    """Load what is heavy once the start is over."""
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


def worker_exit(_server: object, _worker: object) -> None:
    """End a process at once, when it has answered its last request.

    A process parted from a parent that had loaded the service lacks the native threads of some
    libraries; taking these down in order waits five seconds for threads that are not there.
    """
    logging.shutdown()
    os._exit(0)
