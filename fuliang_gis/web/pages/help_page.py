"""A short page of help."""

from __future__ import annotations

from flask import Blueprint, render_template

blueprint = Blueprint("help", __name__)


@blueprint.get("/help")
def show() -> str:
    """Explain the first steps."""
    return render_template("help.html")
