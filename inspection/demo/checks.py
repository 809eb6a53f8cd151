"""Random checks of the demo county: a library, one draw that is published, one under way."""

from datetime import date, datetime, timedelta

from inspection.demo.people import County
from inspection.demo.photos import wall
from inspection.models import CheckDraw, RandomCheck
from inspection.services import check_draws, check_library, checks
from registration.actors import Actor
from registration.middleware import actor_of_user
from registration.models import Authority, User
from wagewatch.lib.dates import site_date

OFFICE = "金华市劳动保障监察支队"
COLLEAGUES = (("chenlu", "陈露"), ("hefang", "何芳"))


def inspector() -> Actor:
    """Li, of the city's office."""
    return actor_of_user(User.objects.get(username="limin"))


def library(_county: County, moment: datetime) -> None:
    """Items, certificates of three inspectors, one recusal."""
    office = Authority.objects.get(name=OFFICE)
    act = inspector()
    check_library.start_items(office.pk, actor=act, now=moment)
    for number, user in enumerate(check_library.colleagues(office), start=1):
        check_library.record_certificate(
            office.pk,
            user_id=user.pk,
            number=f"浙G3307{number:03}",
            valid_from=date(site_date(moment).year, 1, 1),
            valid_until=date(site_date(moment).year + 2, 12, 31),
            actor=act,
        )


def recusal(county: County, moment: datetime) -> None:
    """A colleague worked for one of the contractors."""
    office = Authority.objects.get(name=OFFICE)
    firm = next(site for site in county.sites if site.plan.code == "ZJJH-2026-0142")
    contractor = firm.project.participations.get(role="general_contractor").organisation
    check_library.record_recusal(
        office.pk,
        user_id=User.objects.get(username="hefang").pk,
        uscc=contractor.uscc,
        reason="两年内曾在该单位任职",
        actor=inspector(),
        now=moment,
    )


def _draw(title: str, count: int, moment: datetime) -> CheckDraw:
    office = Authority.objects.get(name=OFFICE)
    today = site_date(moment)
    plan = check_draws.Plan(
        title, count, today, today + timedelta(days=30), check_library.Reach(office.region.prefix)
    )
    return check_draws.make_draw(office.pk, plan, actor=inspector(), now=moment)


def _fill(check: RandomCheck, by: User, moment: datetime, faults: dict[int, str], summary: str) -> None:
    actor = actor_of_user(by)
    typed = {f"answer_{number}": "ok" for number in range(len(check.draw.items))} | {"summary": summary}
    checks.add_photo(
        check.draw_id, check.project_id, wall(f"检查 {check.draw_id}", "现场照片"), actor=actor, now=moment
    )
    for number, note in faults.items():
        typed |= {f"answer_{number}": "bad", f"note_{number}": note}
        photo = wall(f"检查 {check.draw_id}", check.draw.items[number]["title"])
        checks.add_photo(check.draw_id, check.project_id, photo, item=number, actor=actor, now=moment)
    checks.submit_check(
        check.draw_id, check.project_id, typed, visited_on=site_date(moment), actor=actor, now=moment
    )


def first_draw(_county: County, moment: datetime) -> None:
    """Three sites drawn, visited the day after, signed by both, published two days later."""
    draw = _draw("劳动用工和工资支付双随机抽查（第一批）", 3, moment)
    visit = moment + timedelta(days=1)
    findings: list[tuple[dict[int, str], str]] = [
        ({}, "规范，没有发现问题。"),
        (
            {0: "点名 32 人，其中 2 人未登记", 4: "班组长代管 3 张工资卡，已当场退还"},
            "两项不合规定，已责令改正。",
        ),
        ({7: "台账缺 7 月的签收记录"}, "一项不合规定，当场指出。"),
    ]
    for check, (faults, summary) in zip(draw.checks.order_by("place"), findings, strict=False):
        _fill(check, check.first, visit, faults, summary)
        checks.confirm_check(
            draw.pk, check.project_id, actor=actor_of_user(check.second), now=visit + timedelta(hours=2)
        )
    check_draws.publish_draw(draw.pk, actor=inspector(), now=moment + timedelta(days=3))


def second_draw(_county: County, moment: datetime) -> None:
    """Four sites drawn; one is handed in and waits for inspector Li, the others are to be done."""
    draw = _draw("劳动用工和工资支付双随机抽查（第二批）", 4, moment)
    li = User.objects.get(username="limin")
    for check in draw.checks.order_by("place"):
        if li.pk in (check.first_id, check.second_id):
            colleague = check.second if check.first_id == li.pk else check.first
            _fill(
                check,
                colleague,
                moment + timedelta(hours=30),
                {6: "告示牌上的电话已停用"},
                "一项不合规定，限三日改正。",
            )
            return
