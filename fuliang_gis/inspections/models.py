"""Every table of inspections; imported as one, because their foreign keys name each other."""

from __future__ import annotations

# Accounts and divisions are named by foreign keys here and must be known beside these.
import fuliang_gis.areas.models  # noqa: F401
from fuliang_gis.inspections.defects.models import (
    Defect,
    DefectEvent,
    DefectMeasure,
    Disposal,
    ProblemReport,
)
from fuliang_gis.inspections.duties.models import (
    InspectionException,
    InspectionRule,
    InspectionRuleChange,
    Obligation,
)
from fuliang_gis.inspections.rounds.models import (
    InspectionRound,
    KeptApart,
    KeptApartLocation,
    RoundLeftOver,
    RoundPlan,
    RoundStop,
    Team,
    TeamMember,
)
from fuliang_gis.inspections.status.models import CalendarFeed, LocationState, MailSent
from fuliang_gis.inspections.visits.models import Attachment, Visit

__all__ = [
    "Attachment",
    "CalendarFeed",
    "Defect",
    "DefectEvent",
    "DefectMeasure",
    "Disposal",
    "InspectionException",
    "InspectionRound",
    "InspectionRule",
    "InspectionRuleChange",
    "KeptApart",
    "KeptApartLocation",
    "LocationState",
    "MailSent",
    "Obligation",
    "ProblemReport",
    "RoundLeftOver",
    "RoundPlan",
    "RoundStop",
    "Team",
    "TeamMember",
    "Visit",
]
