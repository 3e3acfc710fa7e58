"""Sending stored pictures, to those who may read their division."""

from __future__ import annotations

from flask import Response, send_file

from fuliang_gis.accounts.policies import has
from fuliang_gis.accounts.roles import Actor, Permission
from fuliang_gis.errors import Forbidden, NotFound
from fuliang_gis.inspections.visits import queries
from fuliang_gis.inspections.visits.files import FORMS, Form
from fuliang_gis.web.context import database
from fuliang_gis.web.uploads import store

#: A digest names one content for ever, but only to those who may see it [s].
_FOR_EVER = 365 * 24 * 3600
#: Who may see a picture as it was taken, with where and by which device.
_OFFICE = (Permission.RECORD_VISITS, Permission.HANDLE_DEFECTS, Permission.VERIFY_DEFECTS)


def in_office(actor: Actor) -> bool:
    """Tell whether the actor may see pictures as they were taken."""
    return any(has(actor, permission) for permission in _OFFICE)


def send_picture(actor: Actor, digest: str, form: Form) -> Response:
    """Give a picture in one of its forms.

    Raises:
        NotFound: There is none in the actor's divisions.
        Forbidden: It is the original, and the actor is not of the office.
    """
    if form not in FORMS:
        raise NotFound(what="文件", key=digest[:12])
    with database().session() as session:
        found = queries.file_of(session, actor, digest)
    if form == "original" and not in_office(actor):
        raise Forbidden(role=actor.role_name, act="查看含拍摄信息的原图")
    mime = found.mime if form == "original" else "image/jpeg"
    path = store().path(digest, form)
    name = f"{digest[:16]}.{mime.removeprefix('image/').replace('jpeg', 'jpg')}"
    # A HEIC picture is shown by few browsers, so it is saved under a name.
    response = send_file(
        path,
        mime,
        as_attachment=mime == "image/heic",
        download_name=name,
        etag=f"{digest}-{form}",
    )
    response.headers["Cache-Control"] = f"private, max-age={_FOR_EVER}, immutable"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
