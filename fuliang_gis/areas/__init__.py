"""The county's divisions: county › township › village-level."""

from fuliang_gis.areas.models import Division

__all__ = ["Division"]
