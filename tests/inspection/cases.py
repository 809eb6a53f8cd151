"""What the tests of cases put on stage: a complaint, a second inspector, a case at some stage."""

from datetime import date, timedelta
from itertools import count

from inspection.models import Case, CorrectionOrder
from inspection.services.case_acceptance import accept_case
from inspection.services.case_intake import take_complaint
from inspection.services.case_orders import Asked, issue_order
from inspection.services.case_service import serve_order
from registration.actors import SYSTEM, Actor
from registration.models import Role, User
from registration.services import complaints
from registration.services.complaints import Told
from tests.cast import Cast, make_user

ORDER = Asked(
    respondent_id=0, grounds=("30", "54-2"), demand="支付 2026 年 8 月至 10 月工资，补发工资清单。", days=5,
    amount_fen=4_200_000, people=12, most_fen=620_000, most_months=3,
)  # fmt: skip


CALLERS = count(1)
"""Each complaint comes from another address: too many from one are refused."""


def filed(cast: Cast, **more: object) -> complaints.Filed:
    """A complaint about the cast's project, without a name."""
    told = {
        "topic": "unpaid",
        "text": "九月工资没发",
        "contact": "13857906017",
        "project_id": cast.project.pk,
    }
    return complaints.file_complaint(
        Told(**(told | more)), address=f"10.1.2.{next(CALLERS)}", actor=SYSTEM, now=cast.now  # type: ignore[arg-type]
    )  # fmt: skip


def second(cast: Cast) -> User:
    """Another inspector of Li's office."""
    return User.objects.filter(username="chen").first() or make_user(
        "chen", "陈立", Role.INSPECTOR, cast.authority
    )


def accepted(cast: Cast, **more: object) -> Case:
    """A case that Li took up and accepted."""
    li = cast.actor(cast.li)
    case = take_complaint(filed(cast, **more).reference, actor=li, now=cast.now)
    return accept_case(case.pk, ended_on=None, actor=li, now=cast.now)


def asked(cast: Cast, **more: object) -> Asked:
    """An order to pay and to hand out slips, to the subcontractor."""
    values = {**ORDER.__dict__, "respondent_id": cast.sc.pk, **more}
    return Asked(**values)  # type: ignore[arg-type]


def ordered(cast: Cast, **more: object) -> tuple[Case, CorrectionOrder]:
    """A case with an order that was served today; its time ends on Monday 23 November 2026."""
    case, li = accepted(cast), cast.actor(cast.li)
    order = issue_order(case.pk, asked(cast, **more), actor=li, now=cast.now)
    order = serve_order(
        case.pk, order.pk, how="in_person", served_on=cast.today, to="项目负责人", actor=li, now=cast.now
    )
    assert order.deadline_on == date(2026, 11, 23)
    return Case.objects.get(pk=case.pk), order


def after(cast: Cast) -> dict[str, object]:
    """Li's act on the day after the order's time was over."""
    return later(cast, cast.actor(cast.li), 8)


def later(cast: Cast, actor: Actor, days: int) -> dict[str, object]:
    """Somebody's act some days after the cast's day."""
    return {"actor": actor, "now": cast.now + timedelta(days=days)}
