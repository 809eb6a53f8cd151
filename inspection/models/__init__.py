"""What the state does about it: alarms and their life, random checks, the figures of dashboards, permits, credit and the list."""

from inspection.models.alarms import Alarm, AlarmFlip, Level, RuleRun
from inspection.models.checks import (
    CheckDraw,
    CheckItem,
    CheckPhoto,
    CheckPublication,
    CheckRecusal,
    InspectorCertificate,
    RandomCheck,
)
from inspection.models.life import AlarmAnswer, AlarmStep, AlarmStepFile, OfficeLead
from inspection.models.listing import CreditGrade, Listing, ListingStep
from inspection.models.parameters import ParameterChange
from inspection.models.permits import PermitAnswer, PermitKey, SocialDeposit
from inspection.models.risk import RegionDay, RiskScore
from inspection.models.stats import ProjectStat

__all__ = [
    "Alarm",
    "AlarmAnswer",
    "AlarmFlip",
    "AlarmStep",
    "AlarmStepFile",
    "CheckDraw",
    "CheckItem",
    "CheckPhoto",
    "CheckPublication",
    "CheckRecusal",
    "CreditGrade",
    "InspectorCertificate",
    "Level",
    "Listing",
    "ListingStep",
    "OfficeLead",
    "ParameterChange",
    "PermitAnswer",
    "PermitKey",
    "ProjectStat",
    "RandomCheck",
    "RegionDay",
    "RiskScore",
    "RuleRun",
    "SocialDeposit",
]
