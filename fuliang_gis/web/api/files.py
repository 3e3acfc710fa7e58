"""Stored pictures over the API: how documents tell of them, how they are added and fetched."""

from __future__ import annotations

import hashlib
from typing import Any, Literal

from flask import Response, url_for
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field

from fuliang_gis.inspections.models import Attachment
from fuliang_gis.inspections.visits.files import Kept
from fuliang_gis.web.api.replies import answers
from fuliang_gis.web.pictures import send_picture
from fuliang_gis.web.session import require_actor

TAGS = [Tag(name="files", description="照片与附件 Photos and papers")]
_PICTURES = ("image/jpeg", "image/png", "image/webp", "image/heic")
_BYTES = {"schema": {"type": "string", "format": "binary"}}


class FilePath(BaseModel):
    """One form of a stored picture; the original, with its EXIF, is for the office."""

    digest: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the content.")
    form: Literal["public", "thumbnail", "original"]


def register(api: APIBlueprint) -> None:
    """Add the operation."""
    picture = {"description": "OK", "content": dict.fromkeys(_PICTURES, _BYTES)}
    api.get("/files/<digest>/<form>", tags=TAGS, responses=answers(picture))(get_file)


def get_file(path: FilePath) -> Response:
    """Fetch a picture that belongs to something of one's divisions; copies carry no metadata."""
    return send_picture(require_actor(), path.digest, path.form)


def document(each: Attachment) -> dict[str, Any]:
    """Return what is known of a stored picture, with the addresses of its forms."""
    return {
        "digest": each.digest,
        "role": each.role,
        "mime": each.mime,
        "size": each.size,
        "width": each.width,
        "height": each.height,
        "taken_at": each.taken_at and each.taken_at.isoformat(),
        **{
            form: url_for("api.get_file", digest=each.digest, form=form)
            for form in ("public", "thumbnail", "original")
        },
    }


def stated(kept: Kept, *said: object) -> bytes:
    """Return what makes an upload what it is: the file and what is said with it."""
    return hashlib.sha256("\0".join([kept.digest, *map(repr, said)]).encode()).digest()
