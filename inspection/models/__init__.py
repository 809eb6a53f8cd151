"""What the state does about it: rule runs, alarms and the figures that dashboards read."""

from inspection.models.alarms import Alarm, AlarmFlip, RuleRun
from inspection.models.parameters import ParameterChange
from inspection.models.risk import RegionDay, RiskScore
from inspection.models.stats import ProjectStat

__all__ = ["Alarm", "AlarmFlip", "ParameterChange", "ProjectStat", "RegionDay", "RiskScore", "RuleRun"]
