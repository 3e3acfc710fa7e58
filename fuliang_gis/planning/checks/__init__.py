"""Checks of a plan (pure): each finding has a code, a severity, a place and what it goes by."""

from fuliang_gis.planning.checks.checker import Checker
from fuliang_gis.planning.checks.findings import Finding, Severity

__all__ = ["Checker", "Finding", "Severity"]
