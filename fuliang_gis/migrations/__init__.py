"""Alembic's folder: `env.py`, the template and one file a revision."""
