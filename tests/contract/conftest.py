"""The same application as the web tests have."""

from tests.web.conftest import plain_logs, world

__all__ = ["plain_logs", "world"]
