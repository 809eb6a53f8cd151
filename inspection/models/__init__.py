"""What the state does about it: rule runs, alarms and their life, the figures that dashboards read."""

from inspection.models.alarms import Alarm, AlarmFlip, Level, RuleRun
from inspection.models.life import AlarmAnswer, AlarmStep, AlarmStepFile, OfficeLead
from inspection.models.parameters import ParameterChange
from inspection.models.risk import RegionDay, RiskScore
from inspection.models.stats import ProjectStat

__all__ = [
    "Alarm",
    "AlarmAnswer",
    "AlarmFlip",
    "AlarmStep",
    "AlarmStepFile",
    "Level",
    "OfficeLead",
    "ParameterChange",
    "ProjectStat",
    "RegionDay",
    "RiskScore",
    "RuleRun",
]
