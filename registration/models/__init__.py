"""Who, where, under whose authority."""

from registration.models.accounts import LoginCode, Membership, Role, SensitiveView, SmsMessage, User
from registration.models.organisations import Authority, Organisation, Sector
from registration.models.people import BankCard, PayBasis, Posting, Worker
from registration.models.places import CalendarDay, Parameter, Region
from registration.models.projects import Participation, Project, Team
from registration.models.rosters import RosterRow, RosterUpload

__all__ = [
    "Authority",
    "BankCard",
    "CalendarDay",
    "LoginCode",
    "Membership",
    "Organisation",
    "Parameter",
    "Participation",
    "PayBasis",
    "Posting",
    "Project",
    "Region",
    "Role",
    "RosterRow",
    "RosterUpload",
    "Sector",
    "SensitiveView",
    "SmsMessage",
    "Team",
    "User",
    "Worker",
]
