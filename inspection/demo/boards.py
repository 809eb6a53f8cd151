"""Notice boards of the demo county: most hang and are of this month, one is old, one is missing. Two random draws."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from django.conf import settings

from inspection.demo import checks
from inspection.demo.checks import COLLEAGUES, OFFICE, inspector
from inspection.demo.people import County, SiteState
from inspection.demo.photos import wall
from inspection.demo.wages import local
from payroll.board_pdf import code_address
from payroll.models import NoticeBoard
from payroll.services.board_checks import check_by_photo, read_picture, record_missing
from payroll.services.boards import make_board
from registration.models import Authority, Role, Sector
from registration.services.bulletins import publish
from registration.services.organisations import appoint
from wagewatch.lib.dates import site_date

At = Callable[[datetime, Callable[[datetime], None]], None]
OLD, GONE = "ZJJH-2026-0138", "ZJYK-2026-0026"
HELPERS = (
    ("labour", "金华市劳动保障监察支队", "0579-80000042", "八一南街 811 号"),
    ("housing", "金华市住房和城乡建设局", "0579-80000043", ""),
    ("transport", "金华市交通运输局", "0579-80000044", ""),
    ("water", "金华市水利局", "0579-80000045", ""),
    ("arbitration", "金华市劳动人事争议仲裁院", "0579-80000051", "双龙南街 858 号"),
)


def offices(_county: County, moment: datetime) -> None:
    """The authority enters whom workers call; two colleagues join the office."""
    for office, title, call, place in HELPERS:
        publish(
            {
                "kind": "help",
                "office": office,
                "trade": "",
                "title": title,
                "title_en": "",
                "text": "",
                "text_en": "",
                "call": call,
                "place": place,
                "valid_from": site_date(moment),
                "valid_to": None,
            },
            "330700",
            actor=inspector(),
            now=moment,
        )
    office_ = Authority.objects.get(name=OFFICE)
    for username, name in COLLEAGUES:
        appoint(username, name, Role.INSPECTOR, office_, password=None)


def _sites(county: County) -> list[SiteState]:
    return [
        site
        for site in county.sites
        if site.plan.sector != Sector.MANUFACTURING and site.project.region_id.startswith("3307")
    ]


def _hang(site: SiteState, moment: datetime) -> NoticeBoard:
    board = make_board(site.project.pk, actor=site.clerk, now=moment)
    picture = read_picture(wall(code_address(board, settings.WAGEWATCH_ADDRESS), site.plan.name))
    check_by_photo(
        site.project.pk, picture, note="大门入口右侧", actor=site.clerk, now=moment + timedelta(hours=4)
    )
    return board


def old_boards(county: County, moment: datetime) -> None:
    """Every site hangs its board, weeks ago."""
    for site in _sites(county):
        if site.project.state == "building" and site.plan.code != GONE:
            _hang(site, moment)


def new_boards(county: County, moment: datetime) -> None:
    """Most sites hang a new one; one leaves the old one hanging."""
    for site in _sites(county):
        site.project.refresh_from_db()
        if site.project.state == "building" and site.plan.code not in (OLD, GONE):
            _hang(site, moment)


def none_hangs(county: County, moment: datetime) -> None:
    """An inspector stands at the gate of one site and finds no board."""
    site = next(site for site in county.sites if site.plan.code == GONE)
    record_missing(site.project.pk, note="大门口、生活区入口都没有", actor=inspector(), now=moment)


def plan(at: At, county: County, *, first: date, today: date) -> None:
    """Put all of it on the agenda; `at(moment, act)` as Agenda's."""

    def on(moment: datetime, act: Callable[[County, datetime], None]) -> None:
        at(moment, lambda when: act(county, when))

    on(local(first, 9, 40), offices)
    on(local(first, 9, 50), checks.library)
    on(local(first, 9, 55), checks.recusal)
    on(local(today - timedelta(days=50), 10), old_boards)
    on(local(today - timedelta(days=34), 9), checks.first_draw)
    on(local(today - timedelta(days=8), 10), new_boards)
    on(local(today - timedelta(days=5), 11), none_hangs)
    on(local(today - timedelta(days=3), 9), checks.second_draw)
