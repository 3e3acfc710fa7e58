"""What gunicorn calls in its processes."""

from __future__ import annotations

import logging
import os


def worker_exit(_server: object, _worker: object) -> None:
    """End a process at once, when it has answered its last request.

    A process parted from a parent that had loaded the service lacks the native threads of some
    libraries; taking these down in order waits five seconds for threads that are not there.
    """
    logging.shutdown()
    os._exit(0)
