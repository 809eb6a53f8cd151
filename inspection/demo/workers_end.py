"""What workers find and leave behind in the demo county: what the authority tells them, complaints, a site tablet."""

from datetime import datetime, timedelta

from inspection.demo.people import County, SiteState
from inspection.demo.wages import worker_named
from registration.actors import Actor
from registration.middleware import actor_of_user
from registration.models import Bulletin, Complaint, Posting, User
from registration.services import bulletins, complaints, tablets
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import RuleViolation

TOLD = (
    (Bulletin.Kind.NEWS, "", "年底前工资清零行动", "Wages cleared before the year ends",
     "十二月起逐个工地查工资。有欠薪的，请在这里投诉。", "From December every site is checked. Unpaid? Complain here.",
     "", "", 40),
    (Bulletin.Kind.HEALTH, "", "寒潮来了，注意保暖", "Cold wave: keep warm",
     "夜里零下，宿舍不要烧炭，防煤气中毒。", "Below zero at night. Never burn charcoal in the dormitory.",
     "120", "", 10),
    (Bulletin.Kind.TRAINING, "木工", "木工技能提升班，免费", "Carpenters' course, free",
     "五天，发证书，有误工补贴。", "Five days, with a certificate and an allowance.",
     "057982170088", "金华市职工培训中心", 30),
    (Bulletin.Kind.JOB, "", "义乌工地招木工 20 人", "20 carpenters wanted in Yiwu",
     "每天 360 元，工资发到卡上。", "360 yuan a day, paid to the card.",
     "057985550066", "义乌市零工市场", 20),
)  # fmt: skip


def tell_workers(now: datetime) -> None:
    """The city's inspector publishes; everybody on its sites sees it."""
    li = actor_of_user(User.objects.get(username="limin"))
    today = site_date(now)
    for kind, trade, title, title_en, text, text_en, call, place, days in TOLD:
        bulletins.publish(
            {
                "kind": kind,
                "office": "",
                "trade": trade,
                "title": title,
                "title_en": title_en,
                "text": text,
                "text_en": text_en,
                "call": call,
                "place": place,
                "valid_from": today,
                "valid_to": today + timedelta(days=days),
            },
            "330700",
            actor=li,
            now=now,
        )


def complain(county: County, now: datetime) -> None:
    """One worker by name, two without, who press for their wages and for the card that a foreman keeps."""
    unpaid, other = county.sites[0], county.sites[-1]
    posting = Posting.objects.filter(project=unpaid.project, left_on=None).order_by("-pin").first()
    Topic = Complaint.Topic  # noqa: N806 short name of an enumeration
    nobody = Actor(kind="system", label="anonymous")
    told = [
        (complaints.Told(topic=Topic.UNPAID, text="九月的工资还差一半，问了三次说再等等。", project_id=unpaid.project.pk), nobody),
        (complaints.Told(topic=Topic.CARD_KEPT, text="班长把大家的银行卡都收走了。", place="二号宿舍楼", project_id=other.project.pk), nobody),
    ]  # fmt: skip
    if posting is not None:
        worker = Actor(kind="worker", id=posting.worker_id, label=f"worker {posting.worker_id}")
        named = complaints.Told(
            topic=Topic.DAYS,
            text="上月二十号上了一整天，表上没有。",
            project_id=unpaid.project.pk,
            worker_id=posting.worker_id,
        )
        told.append((named, worker))
    for number, (one, actor) in enumerate(told):
        complaints.file_complaint(one, address=f"10.20.0.{number}", actor=actor, now=now)


def use_tablet(county: County, now: datetime) -> None:
    """The known worker's site has a tablet; they looked at their pay there, and somebody typed a wrong code."""
    site = _site_of(county)
    if site is None:
        return
    posting = Posting.objects.get(project=site.project, worker=worker_named("周长根"), left_on=None)
    tablet, _cookie = tablets.make_tablet(site.project.pk, "生活区门口", "", actor=site.clerk, now=now)
    code = tablets.hand_out_code(site.project.pk, posting.worker_id, actor=site.clerk, now=now)
    number = str(posting.worker.id_number)
    try:
        tablets.enter_tablet(tablet, {"way": "code", "id_number": number, "code": "x"}, now=now)
    except RuleViolation:
        now += timedelta(minutes=1)
    visit = tablets.enter_tablet(tablet, {"way": "code", "id_number": number, "code": code}, now=now)
    tablets.end_visit(visit.pk, now=now + timedelta(minutes=3))


def _site_of(county: County) -> SiteState | None:
    worker = worker_named("周长根")
    projects = set(Posting.objects.filter(worker=worker, left_on=None).values_list("project_id", flat=True))
    return next((site for site in county.sites if site.project.pk in projects), None)
