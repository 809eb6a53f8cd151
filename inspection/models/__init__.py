"""What the state does about it: rule runs, alarms, the figures that dashboards read, answers to permit offices."""

from inspection.models.alarms import Alarm, AlarmFlip, RuleRun
from inspection.models.listing import CreditGrade, Listing, ListingStep
from inspection.models.parameters import ParameterChange
from inspection.models.permits import PermitAnswer, PermitKey, SocialDeposit
from inspection.models.risk import RegionDay, RiskScore
from inspection.models.stats import ProjectStat

__all__ = [
    "Alarm",
    "AlarmFlip",
    "CreditGrade",
    "Listing",
    "ListingStep",
    "ParameterChange",
    "PermitAnswer",
    "PermitKey",
    "ProjectStat",
    "RegionDay",
    "RiskScore",
    "RuleRun",
    "SocialDeposit",
]
