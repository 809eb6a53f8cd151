"""What the state does about it: rule runs, alarms and their life, the figures that dashboards read."""

from inspection.models.alarms import Alarm, AlarmFlip, Level, RuleRun
from inspection.models.life import AlarmAnswer, AlarmStep, AlarmStepFile, OfficeLead

"""What the state does about it: rule runs, alarms, the figures that dashboards read, answers to permit offices."""

from inspection.models.listing import CreditGrade, Listing, ListingStep
from inspection.models.parameters import ParameterChange
from inspection.models.permits import PermitAnswer, PermitKey, SocialDeposit
from inspection.models.notices import MailMessage, Notice, NoticeChoice
from inspection.models.parameters import ParameterChange
from inspection.models.pauses import Pause
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
    "OfficeLead",
    "ParameterChange",
    "PermitAnswer",
    "PermitKey",
    "MailMessage",
    "Notice",
    "NoticeChoice",
    "OfficeLead",
    "ParameterChange",
    "Pause",
    "ProjectStat",
    "RegionDay",
    "RiskScore",
    "RuleRun",
    "SocialDeposit",
]
