"""The application in its own process: GDAL holds the interpreter's lock while it waits."""

from __future__ import annotations

import sys
from pathlib import Path

from werkzeug.serving import make_server

from fuliang_gis.db.session import Database
from fuliang_gis.settings import Settings
from fuliang_gis.web.app import create_app


def serve(state: str) -> None:
    """Serve the database whose address comes on standard input; tell the port; never return."""
    settings = Settings(state=Path(state), demo=False)
    database = Database.connect(sys.stdin.readline().strip(), settings.secret("context.key"))
    app = create_app(settings, database)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    serve(sys.argv[1])
