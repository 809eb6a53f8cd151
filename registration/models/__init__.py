"""Who, where, under whose authority."""

from registration.models.accounts import (
    Invitation,
    LoginCode,
    Membership,
    Role,
    SensitiveView,
    SmsMessage,
    User,
)
from registration.models.bulletins import Bulletin
from registration.models.cards import CardAnswer
from registration.models.citizen_cards import CitizenCard, CitizenCardStep
from registration.models.columns import ColumnMapping
from registration.models.complaints import Complaint, ComplaintWord
from registration.models.contracts import ContractKind, ContractSignature, ContractTemplate, LabourContract
from registration.models.entering import CardRead, JoinRequest
from registration.models.files import StoredFile
from registration.models.notices import HistoryShare, PostingNotice
from registration.models.organisations import Authority, LegalForm, Organisation, Sector, Standing
from registration.models.people import (
    BankCard,
    Education,
    Household,
    IdKind,
    LeftReason,
    PayBasis,
    PieceUnit,
    Politics,
    Posting,
    RegisteredBy,
    SkillGrade,
    Worker,
    WorkerPhoto,
    WorkRole,
)
from registration.models.phones import Attempt, PushSubscription, WorkerDevice
from registration.models.places import CalendarDay, Parameter, Region
from registration.models.projects import CorpType, Engagement, Participation, Project, Team
from registration.models.rosters import ReadyRow, RosterRow, RosterUpload
from registration.models.sources import Push, PushedPosting, SourceNonce, SourceProject, SourceSystem
from registration.models.tablets import SiteTablet, TabletVisit
from registration.models.trainings import Certificate, Training, TrainingAttendance

__all__ = [
    "Attempt",
    "Authority",
    "BankCard",
    "Bulletin",
    "CalendarDay",
    "CardAnswer",
    "CardRead",
    "Certificate",
    "CitizenCard",
    "CitizenCardStep",
    "ColumnMapping",
    "Complaint",
    "ComplaintWord",
    "ContractKind",
    "ContractSignature",
    "ContractTemplate",
    "CorpType",
    "Education",
    "Engagement",
    "HistoryShare",
    "Household",
    "IdKind",
    "Invitation",
    "JoinRequest",
    "LabourContract",
    "LeftReason",
    "LegalForm",
    "LoginCode",
    "Membership",
    "Organisation",
    "Parameter",
    "Participation",
    "PayBasis",
    "PieceUnit",
    "Politics",
    "Posting",
    "PostingNotice",
    "Project",
    "Push",
    "PushSubscription",
    "PushedPosting",
    "ReadyRow",
    "Region",
    "RegisteredBy",
    "Role",
    "RosterRow",
    "RosterUpload",
    "Sector",
    "SensitiveView",
    "SiteTablet",
    "SkillGrade",
    "SmsMessage",
    "SourceNonce",
    "SourceProject",
    "SourceSystem",
    "Standing",
    "StoredFile",
    "TabletVisit",
    "Team",
    "Training",
    "TrainingAttendance",
    "User",
    "WorkRole",
    "Worker",
    "WorkerDevice",
    "WorkerPhoto",
]
