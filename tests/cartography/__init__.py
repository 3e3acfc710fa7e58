"""Tests of fuliang_gis.cartography."""
