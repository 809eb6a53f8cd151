"""What the state does about it: alarms and their life, the figures of dashboards, permits, credit and the list."""

from inspection.models.alarms import Alarm, AlarmFlip, Level, RuleRun
from inspection.models.life import AlarmAnswer, AlarmStep, AlarmStepFile, OfficeLead
from inspection.models.listing import CreditGrade, Listing, ListingStep
from inspection.models.notices import MailMessage, Notice, NoticeChoice
from inspection.models.parameters import ParameterChange
from inspection.models.pauses import Pause
from inspection.models.permits import PermitAnswer, PermitKey, SocialDeposit
from inspection.models.risk import RegionDay, RiskScore
from inspection.models.stats import ProjectStat

__all__ = [
    "Alarm",
    "AlarmAnswer",
    "AlarmFlip",
    "AlarmStep",
    "AlarmStepFile",
    "CreditGrade",
    "Level",
    "Listing",
    "ListingStep",
    "MailMessage",
    "Notice",
    "NoticeChoice",
    "OfficeLead",
    "ParameterChange",
    "Pause",
    "PermitAnswer",
    "PermitKey",
    "ProjectStat",
    "RegionDay",
    "RiskScore",
    "RuleRun",
    "SocialDeposit",
]
