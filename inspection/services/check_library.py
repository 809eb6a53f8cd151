"""What a random check draws from: an office's items, its certified inspectors, recusals, the projects with weights."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from inspection.check_access import access_office
from inspection.models import (
    Alarm,
    CheckItem,
    CheckRecusal,
    InspectorCertificate,
    RandomCheck,
)
from inspection.rules import LEVEL_NAMES
from payroll.services.who import user_of
from registration.access import not_found
from registration.actors import Actor
from registration.models import Authority, Membership, Organisation, Project, Role, User
from registration.services.history import record_history
from registration.services.parameters import parameter
from wagewatch.lib.errors import Malformed, RuleViolation

ITEMS: tuple[tuple[str, str, str], ...] = (
    ("实名登记和考勤", "点名：在场的人是否都登记、有考勤", "条例第二十八条"),
    ("劳动合同", "抽看合同，问本人是否签过、拿到一份", "条例第二十八条"),
    ("工资专用账户", "账户、三方协议、拨付凭证", "条例第二十六、二十九条"),
    ("工资支付表", "工资表与考勤、银行回单是否一致；问本人收到多少", "条例第三十一条"),
    ("工资卡", "是否有人保管工人的卡", "条例第三十一条"),
    ("工资保证金", "保证金或保函是否有效", "条例第三十二条"),
    ("维权信息告示牌", "是否挂出、是否最新、内容是否属实", "条例第三十四条"),
    ("劳资专管员和台账", "专管员是否在岗，台账是否齐全", "条例第二十八条"),
)
"""Where an office begins; it then keeps its own list."""


@dataclass(frozen=True)
class Reach:
    """Which projects a draw takes: a region prefix within the office's own, and a line of works or all."""

    prefix: str
    sector: str = ""


def colleagues(authority: Authority) -> QuerySet[User]:
    """Active inspectors of an office."""
    members = Membership.objects.filter(authority=authority, role=Role.INSPECTOR, is_active=True)
    return User.objects.filter(pk__in=members.values("user"), is_active=True).order_by("pk")


def items_of(authority: Authority) -> list[CheckItem]:
    """The office's items in use."""
    return list(CheckItem.objects.filter(authority=authority, is_active=True).order_by("pk"))


def certified(authority: Authority, *, on: date) -> list[InspectorCertificate]:
    """Certificates good on a day of people who still work there; one each, the one that is good longest."""
    rows = InspectorCertificate.objects.filter(
        authority=authority, user__in=colleagues(authority), valid_from__lte=on, valid_until__gte=on
    ).select_related("user")
    best: dict[int, InspectorCertificate] = {}
    for row in rows.order_by("valid_until", "pk"):
        best[row.user_id] = row
    return sorted(best.values(), key=lambda row: row.number)


def targets_of(authority: Authority, reach: Reach) -> list[tuple[Project, int]]:
    """Sites under way within reach that are in no other draw still to be done, with their weights: 1, and more by
    the highest open alarm (`check.weights`). Three queries."""
    places = Q(region__code__startswith=reach.prefix)
    if reach.sector:
        places &= Q(sector=reach.sector)
    sectors = sectors_of(authority)
    if sectors:
        places &= Q(sector__in=sectors)
    busy = RandomCheck.objects.filter(state=RandomCheck.State.PLANNED).values("project")
    projects = list(
        Project.objects.filter(places, state=Project.State.BUILDING).exclude(pk__in=busy).order_by("code")
    )
    levels = dict(
        Alarm.objects.filter(project__in=projects, state=Alarm.State.OPEN)
        .values_list("project_id")
        .annotate(level=Max("level"))
    )
    found = []
    for project in projects:
        weights = parameter("check.weights", region_code=project.region_id, on=date.max, default={"none": 1})
        name = LEVEL_NAMES.get(levels.get(project.pk, 0), "none")
        found.append((project, max(1, int(weights.get(name, 1)))))
    return found


def sectors_of(authority: Authority) -> frozenset[str]:
    """Lines of works that a sector authority sees; empty for the labour side, which sees all."""
    return frozenset(
        {
            Authority.Kind.HOUSING: ("building", "municipal"),
            Authority.Kind.TRANSPORT: ("transport",),
            Authority.Kind.WATER: ("water",),
        }.get(Authority.Kind(authority.kind), ())
    )


def recused_codes(authority: Authority, targets: list[Project]) -> dict[int, set[str]]:
    """User → codes of the projects to which they may not go. Two queries."""
    firms: dict[int, set[int]] = {}
    for user, organisation in CheckRecusal.objects.filter(authority=authority).values_list(
        "user_id", "organisation_id"
    ):
        firms.setdefault(user, set()).add(organisation)
    if not firms:
        return {}
    codes = {project.pk: project.code for project in targets}
    takes_part = Project.objects.filter(
        pk__in=codes, participations__organisation__in=set().union(*firms.values())
    ).values_list("pk", "participations__organisation_id")
    found: dict[int, set[str]] = {}
    for project, organisation in takes_part:
        for user, theirs in firms.items():
            if organisation in theirs:
                found.setdefault(user, set()).add(codes[project])
    return found


@transaction.atomic
def start_items(authority_id: int, *, actor: Actor, now: datetime) -> int:
    """Give an office without items the usual ones; how many are new."""
    authority = access_office(authority_id, actor)
    if CheckItem.objects.filter(authority=authority).exists():
        return 0
    made = CheckItem.objects.bulk_create(
        CheckItem(authority=authority, title=title, text=text, law=law) for title, text, law in ITEMS
    )
    record_history(
        CheckItem, [item.pk for item in made], kind="+", actor=actor, now=now, reason="usual items"
    )
    return len(made)


@transaction.atomic
def add_item(authority_id: int, *, title: str, text: str, law: str, actor: Actor) -> CheckItem:
    """One more item. Raises Malformed `check.item`, RuleViolation `check.item_again`."""
    authority = access_office(authority_id, actor)
    if not title.strip() or not law.strip():
        raise Malformed("check.item", _("Write what is looked at, and the article."))
    if CheckItem.objects.filter(authority=authority, title=title.strip(), is_active=True).exists():
        raise RuleViolation("check.item_again", _("This item stands on the list."))
    return CheckItem.objects.create(
        authority=authority, title=title.strip()[:80], text=text.strip()[:300], law=law.strip()[:120]
    )


@transaction.atomic
def end_item(pk: int, *, actor: Actor) -> None:
    """Take an item off the list; draws that had it keep it. NotFound out of reach."""
    item = CheckItem.objects.select_for_update().filter(pk=pk, is_active=True).first()
    if item is None:
        not_found()
    access_office(item.authority_id, actor)
    item.is_active = False
    item.save(update_fields=["is_active"])


@transaction.atomic
def record_certificate(
    authority_id: int, *, user_id: int, number: str, valid_from: date, valid_until: date, actor: Actor
) -> InspectorCertificate:
    """Put a colleague into the library. Raises Malformed `check.certificate…`, RuleViolation `check.certificate_again`."""
    authority = access_office(authority_id, actor)
    user = colleagues(authority).filter(pk=user_id).first()
    if user is None:
        raise Malformed("check.certificate_user", _("Choose an inspector of this office."))
    if not number.strip():
        raise Malformed("check.certificate", _("Write the number of the certificate."))
    if valid_until < valid_from:
        raise Malformed("check.certificate_days", _("The last day lies before the first."))
    if InspectorCertificate.objects.filter(number=number.strip()).exists():
        raise RuleViolation("check.certificate_again", _("This certificate is on record."))
    return InspectorCertificate.objects.create(
        authority=authority,
        user=user,
        number=number.strip()[:40],
        valid_from=valid_from,
        valid_until=valid_until,
    )


@transaction.atomic
def record_recusal(
    authority_id: int, *, user_id: int, uscc: str, reason: str, actor: Actor, now: datetime
) -> CheckRecusal:
    """A colleague may not go where a firm takes part. Raises Malformed `check.recusal…`, RuleViolation
    `check.recusal_again`."""
    authority = access_office(authority_id, actor)
    user = colleagues(authority).filter(pk=user_id).first()
    if user is None:
        raise Malformed("check.certificate_user", _("Choose an inspector of this office."))
    firm = Organisation.objects.filter(uscc=uscc.strip().upper()).first()
    if firm is None:
        raise Malformed("check.recusal_firm", _("No firm has this code. Write its 18-digit credit code."))
    if not reason.strip():
        raise Malformed("check.recusal_reason", _("Write why."))
    made, is_new = CheckRecusal.objects.get_or_create(
        authority=authority,
        user=user,
        organisation=firm,
        defaults={"reason": reason.strip()[:200], "made_by_id": user_of(actor), "made_at": now},
    )
    if not is_new:
        raise RuleViolation("check.recusal_again", _("This is on record."))
    return made
