"""The road network as rows."""

from fuliang_gis.roads.models import Road

__all__ = ["Road"]
