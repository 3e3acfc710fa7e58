"""Files that people send: where they are kept, and how large a request may be that brings one."""

from __future__ import annotations

from flask import request
from werkzeug.datastructures import FileStorage

from fuliang_gis.inspections.visits.files import FILE_LIMIT, FileStore, Kept
from fuliang_gis.web.context import settings

#: API operations that take one file as multipart/form-data instead of a JSON body.
UPLOADS = frozenset({"api.add_visit_photo", "api.add_defect_photo", "api.add_disposal_attachment"})

#: Largest request of theirs [bytes]: one file, and the little that stands around it.
UPLOAD_REQUEST_LIMIT = FILE_LIMIT + 100_000


def takes_file() -> bool:
    """Tell whether the request goes to an operation that takes a file."""
    return request.endpoint in UPLOADS


def store() -> FileStore:
    """Return the installation's store of files."""
    return FileStore(settings().state_dir / "files")


def keep(sent: FileStorage) -> Kept:
    """Store one sent file.

    Raises:
        TooLarge, FileRefused: See ``FileStore.keep``.
    """
    return store().keep(sent.stream, sent.filename or "")


def keep_all(field: str) -> list[Kept]:
    """Store every file of one field of a form; a field left empty holds none."""
    return [keep(each) for each in request.files.getlist(field) if each.filename]
