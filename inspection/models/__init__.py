"""What the state does about it: alarms and their life, cases, checks, permits, credit and the list, data requests."""

from inspection.models.alarms import Alarm, AlarmFlip, Level, RuleRun
from inspection.models.case_alarms import CaseAlarm
from inspection.models.case_mediations import CaseMediation
from inspection.models.case_orders import CorrectionOrder, Sanction
from inspection.models.case_steps import CaseCounter, CasePaper, CaseStep
from inspection.models.cases import Case
from inspection.models.checks import (
    CheckDraw,
    CheckItem,
    CheckPhoto,
    CheckPublication,
    CheckRecusal,
    InspectorCertificate,
    RandomCheck,
)
from inspection.models.data_requests import DataExtract, DataRequest
from inspection.models.firm_words import FirmWord, ServedOrder
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
    "Case",
    "CaseAlarm",
    "CaseCounter",
    "CaseMediation",
    "CasePaper",
    "CaseStep",
    "CheckDraw",
    "CheckItem",
    "CheckPhoto",
    "CheckPublication",
    "CheckRecusal",
    "CorrectionOrder",
    "CreditGrade",
    "DataExtract",
    "DataRequest",
    "FirmWord",
    "InspectorCertificate",
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
    "RandomCheck",
    "RegionDay",
    "RiskScore",
    "RuleRun",
    "Sanction",
    "ServedOrder",
    "SocialDeposit",
]
