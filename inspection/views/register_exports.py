"""What stands in the registers as .xlsx: rules and their figures, notice boards, firms, people, contracts, cards, looks."""

from typing import Any

from django.http import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from inspection.alarms.catalogue import GROUPS, RULES
from inspection.check_access import access_draw
from inspection.exports import download, labels
from inspection.http import inspector_view
from inspection.looks import limits_of, warnings_for
from inspection.rules import level_name
from inspection.services.listing import labour_office
from inspection.services.rules import latest_runs
from inspection.telling.shape import steps_of
from inspection.views.boards import board_codes, board_rows
from inspection.views.check_draws import rows_of
from inspection.views.contracts import contracts_shown, wordings
from inspection.views.credit import credit_rows, shown_firms
from inspection.views.people import MOST_EXPORTED, found_people
from inspection.views.rule_pages import failure_words, open_by_rule, rows_of_keys, value_words
from payroll.models import PaySlip
from registration.access import access_project, projects_for
from registration.contract_page import contract_row
from registration.http import ActorRequest
from registration.office_names import office_name
from registration.services import bulletins
from registration.services.card_statistics import registered_against_carded
from registration.templatetags.named import named
from registration.trade_names import trade_label
from registration.views.searching import searched
from wagewatch.lib.dates import site_date
from wagewatch.lib.sheets import ColumnOut, SheetOut
from wagewatch.templatetags.ww import LEVELS, mask_name


@never_cache
@require_GET
@inspector_view
def rules_export(request: ActorRequest) -> HttpResponseBase:
    """All rules with their last run, and every figure that is set for them."""
    latest, counts = latest_runs(), open_by_rule(request)
    columns = [
        ColumnOut(_("Group"), width=24),
        ColumnOut(_("Rule"), width=8),
        ColumnOut(_("What happened"), width=36),
        ColumnOut(_("When it holds"), width=60),
        ColumnOut(_("Law"), width=34),
        ColumnOut(_("Level"), width=18),
        ColumnOut(_("Open"), "number", width=8),
        ColumnOut(_("Last run"), "date", width=16),
        ColumnOut(_("Took, in milliseconds"), "number", width=12),
        ColumnOut(_("Found"), "number", width=8),
        ColumnOut(_("Did not finish because"), width=40),
    ]
    rows = []
    for rule in RULES.values():
        run = latest.get(rule.code)
        rows.append(
            (
                str(GROUPS[rule.group]),
                rule.code,
                str(rule.title),
                str(rule.explanation),
                str(rule.law),
                _joined(str(LEVELS[level_name(level)]) for level in rule.levels),
                counts.get(rule.code, 0),
                run.started_at if run else None,
                run.milliseconds if run else None,
                run.found if run and not run.error else None,
                failure_words(run) if run else "",
            )
        )
    sheets = [SheetOut(_("Rules"), columns, rows), _figures()]
    return download(sheets, "rules", site_date(timezone.now()))


def _figures() -> SheetOut:
    columns = [
        ColumnOut(_("Rule"), width=8),
        ColumnOut(_("Figures"), width=36),
        ColumnOut(_("Parameter"), width=30),
        ColumnOut(_("Place"), width=16),
        ColumnOut(_("Value"), width=40),
        ColumnOut(_("Valid from"), "date", width=12),
        ColumnOut(_("Valid until"), "date", width=12),
        ColumnOut(_("Source"), width=50),
    ]
    found = rows_of_keys([key for rule in RULES.values() for key in rule.parameters])
    rows: list[tuple[Any, ...]] = []
    for rule in RULES.values():
        settings = {setting.key: setting for setting in rule.settings}
        for key in rule.parameters:
            setting = settings.get(key)
            for row in found[key]:
                steps = steps_of(setting, row.value) if setting else []
                said = _joined(f"{LEVELS[name]} {figure}" for name, figure in steps)
                rows.append(
                    (
                        rule.code,
                        str(setting.words) if setting else _("It also reads"),
                        key,
                        row.region.label if row.region else _("whole country"),
                        said or value_words(key, row.value),
                        row.valid_from,
                        row.valid_to,
                        row.source,
                    )
                )
    return SheetOut(_("Figures"), columns, rows)


def _joined(parts: Any) -> str:
    return "; ".join(str(part) for part in parts)


@never_cache
@require_GET
@inspector_view
def boards_export(request: ActorRequest) -> HttpResponseBase:
    """Notice boards with the tab and words of the page."""
    columns = [
        ColumnOut(_("Project"), width=28),
        ColumnOut(_("Place"), width=14),
        ColumnOut(_("Board"), width=24),
        ColumnOut(_("Seen on a photo"), "date", width=12),
        ColumnOut(_("Version on the photo"), "number", width=10),
        ColumnOut(_("Made on"), "date", width=12),
        ColumnOut(_("Newest version"), "number", width=10),
        ColumnOut(_("Made on"), "date", width=12),
        ColumnOut(_("Lines missing"), "number", width=10),
    ]
    rows = []
    for row in board_rows(request, board_codes(request)[0]):
        shown, newest = row["state"].shown, row["state"].newest
        rows.append(
            (
                named(row["project"]),
                row["project"].region.label,
                str(row["words"]),
                shown.seen_on if shown else None,
                shown.board_number if shown else None,
                shown.made_on if shown else None,
                newest.number if newest else None,
                newest.made_on if newest else None,
                len(newest.missing) if newest else None,
            )
        )
    return download(SheetOut(_("Notice boards"), columns, rows), "boards", site_date(timezone.now()))


@never_cache
@require_GET
@inspector_view
def credit_export(request: ActorRequest) -> HttpResponseBase:
    """Firms with their grade as of now."""
    today = site_date(timezone.now())
    columns = [
        ColumnOut(_("Firm"), width=30),
        ColumnOut(_("Code"), width=22),
        ColumnOut(_("Place"), width=14),
        ColumnOut(_("Grade"), width=8),
        ColumnOut(_("Points"), "number", width=8),
        ColumnOut(_("What weighs most"), width=50),
        ColumnOut(_("List of serious dishonesty"), width=16),
        ColumnOut(_("End of the term"), "date", width=12),
    ]
    rows = [
        (
            row["firm"].name,
            row["firm"].uscc,
            row["firm"].region.label if row["firm"].region else "",
            row["grade"].letter if row["grade"].known else _("Nothing on record"),
            row["grade"].points if row["grade"].known else None,
            _joined(f"{line.title} {line.figure}" for line in row["lines"]),
            _("On the list") if row["listed"] else _("Notice given") if row["noticed"] else "",
            row["listed"],
        )
        for row in credit_rows(shown_firms(request), today)
    ]
    return download(SheetOut(_("Credit of firms"), columns, rows), "credit", today)


@never_cache
@require_GET
@inspector_view
def people_export(request: ActorRequest) -> HttpResponseBase:
    """The people that the words of the address find, names and numbers masked."""
    words, elsewhere = searched(request)
    if elsewhere is not None:
        return elsewhere
    found = found_people(request, words)
    payments = labels(PaySlip.Payment)
    cut = _("The first %(n)s lines. Search for fewer people to have the others.") % {"n": MOST_EXPORTED}
    columns = [
        ColumnOut(_("Name"), width=10),
        ColumnOut(_("ID number"), width=10),
        ColumnOut(_("Project"), width=28),
        ColumnOut(_("Place"), width=14),
        ColumnOut(_("Employer"), width=28),
        ColumnOut(_("Team"), width=14),
        ColumnOut(_("Trade"), width=14),
        ColumnOut(_("Joined"), "date", width=12),
        ColumnOut(_("Left"), "date", width=12),
        ColumnOut(_("Month"), width=10),
        ColumnOut(_("Latest wage"), "money", width=14),
        ColumnOut(_("Bank"), width=12),
    ]
    rows = [
        (
            mask_name(p.worker.name),
            f"*{p.worker.id_tail}",
            named(p.project),
            p.project.region.label,
            p.participation.organisation.name,
            p.team.name,
            trade_label(p.trade),
            p.joined_on,
            p.left_on,
            f"{slip.month:%Y-%m}" if slip else "",
            slip.net_fen if slip else None,
            payments[slip.payment] if slip else "",
        )
        for row in found[:MOST_EXPORTED]
        for p, slip in ((row["posting"], row["slip"]),)
    ]
    sheet = SheetOut(_("People"), columns, rows, title=cut if len(found) > MOST_EXPORTED else "")
    return download(sheet, "people", site_date(timezone.now()))


@never_cache
@require_GET
@inspector_view
def contracts_export(request: ActorRequest, pk: int) -> HttpResponseBase:
    """A project's contracts with the tab and words of the page, names masked."""
    project = access_project(pk, request.actor, permission="alarm.view")
    columns = [
        ColumnOut(pgettext("of a paper", "Number"), width=18),
        ColumnOut(_("Name"), width=10),
        ColumnOut(_("ID number"), width=10),
        ColumnOut(_("Employer"), width=28),
        ColumnOut(_("Team"), width=14),
        ColumnOut(_("Wage"), width=24),
        ColumnOut(_("Kind"), width=16),
        ColumnOut(_("Form"), width=12),
        ColumnOut(_("First day"), "date", width=12),
        ColumnOut(_("Last day"), "date", width=12),
        ColumnOut(_("State"), width=14),
        ColumnOut(_("Reason"), width=30),
    ]
    rows = [
        (
            one.number,
            mask_name(one.worker.name),
            f"*{one.worker.id_tail}",
            one.participation.organisation.name,
            one.posting.team.name,
            str(contract_row(one)["rate"]),
            one.get_kind_display(),
            one.get_form_display(),
            one.starts_on,
            one.ends_on,
            one.get_state_display(),
            one.end_reason,
        )
        for one in contracts_shown(request, project)
    ]
    sheet = SheetOut(_("Contracts"), columns, rows, title=named(project))
    return download(sheet, "contracts", site_date(timezone.now()))


@never_cache
@require_GET
@inspector_view
def wordings_export(request: ActorRequest) -> HttpResponseBase:
    """Contract wordings without their texts."""
    columns = [
        ColumnOut(_("Title"), width=36),
        ColumnOut(_("Region"), width=14),
        ColumnOut(_("Kind"), width=18),
        ColumnOut(_("Version"), width=10),
        ColumnOut(_("Counts from"), "date", width=12),
        ColumnOut(_("Based on"), width=50),
    ]
    rows = [
        (
            one.title,
            one.region.label if one.region else _("nationwide"),
            one.get_kind_display(),
            str(one.version),
            one.valid_from,
            one.source,
        )
        for one in wordings()
    ]
    return download(SheetOut(_("Contract wordings"), columns, rows), "wordings", site_date(timezone.now()))


@never_cache
@require_GET
@inspector_view
def bulletins_export(request: ActorRequest) -> HttpResponseBase:
    """What is told to workers of the region."""
    columns = [
        ColumnOut(_("Title"), width=30),
        ColumnOut(_("Text"), width=60),
        ColumnOut(_("Kind"), width=16),
        ColumnOut(_("Region"), width=14),
        ColumnOut(_("Trade"), width=14),
        ColumnOut(_("Public telephone number"), width=16),
        ColumnOut(_("From"), "date", width=12),
        ColumnOut(_("Until"), "date", width=12),
    ]
    rows = [
        (
            one.title,
            one.text,
            one.get_kind_display(),
            one.region.label if one.region else _("nationwide"),
            trade_label(one.trade) or _("everybody"),
            one.call,
            one.valid_from,
            one.valid_to,
        )
        for one in bulletins.bulletins_within(request.actor)
    ]
    return download(SheetOut(_("For workers"), columns, rows), "for-workers", site_date(timezone.now()))


@never_cache
@require_GET
@inspector_view
def citizen_cards_export(request: ActorRequest) -> HttpResponseBase:
    """Registered against carded, by region and by firm."""
    today = site_date(timezone.now())
    projects = list(projects_for(request.actor, permission="alarm.view").only("pk", "region_id"))
    counts = [
        ColumnOut(_("Registered"), "number", width=12),
        ColumnOut(_("Carded"), "number", width=12),
        ColumnOut(_("On the way"), "number", width=12),
        ColumnOut(_("Without a card"), "number", width=12),
        ColumnOut(_("Carded in per cent"), "number", width=12),
    ]

    def sheet(title: str, heading: str, found: Any) -> SheetOut:
        rows = [
            (one.name, one.registered, one.carded, one.on_the_way, one.without, one.percent) for one in found
        ]
        return SheetOut(title, [ColumnOut(heading, width=30), *counts], rows)

    regions = registered_against_carded(projects, on=today, by="region")
    firms = registered_against_carded(projects, on=today, by="organisation")
    sheets = [sheet(_("By region"), _("Region"), regions), sheet(_("By firm"), _("Firm"), firms)]
    return download(sheets, "citizen-cards", today)


@never_cache
@require_GET
@inspector_view
def looks_export(request: ActorRequest) -> HttpResponseBase:
    """Days on which somebody looked at many people's data or at odd hours."""
    office, now = labour_office(request.actor), timezone.now()
    columns = [
        ColumnOut(_("Who"), width=14),
        ColumnOut(_("Firm or office"), width=28),
        ColumnOut(_("Day"), "date", width=12),
        ColumnOut(_("Many people"), width=10),
        ColumnOut(_("Odd hours"), width=10),
        ColumnOut(_("Number of people"), "number", width=12),
        ColumnOut(_("Looks"), "number", width=10),
        ColumnOut(_("At odd hours"), "number", width=12),
    ]
    rows = [
        (
            one.user.name,
            one.place,
            one.day,
            _("yes") if one.many else "",
            _("yes") if one.odd else "",
            one.people,
            one.looks,
            one.odd_looks,
        )
        for one in warnings_for(request.actor, limits_of(office.region_id, on=site_date(now)), now=now)
    ]
    return download(SheetOut(_("Looks at personal data"), columns, rows), "looks", site_date(now))


@never_cache
@require_GET
@inspector_view
def draw_export(request: ActorRequest, pk: int) -> HttpResponseBase:
    """The checks of one draw with their results."""
    draw = access_draw(pk, request.actor)
    columns = [
        ColumnOut(_("Project"), width=28),
        ColumnOut(_("Place"), width=14),
        ColumnOut(_("Inspectors"), width=20),
        ColumnOut(_("State"), width=14),
        ColumnOut(_("Visited on"), "date", width=12),
        ColumnOut(_("Items"), "number", width=8),
        ColumnOut(_("Not in order"), "number", width=10),
    ]
    checks = draw.checks.select_related("project__region", "first", "second").order_by("place")
    rows = [
        (
            named(check.project),
            check.project.region.label,
            _joined((check.first.name, check.second.name)),
            check.get_state_display(),
            check.visited_on,
            len(check.results) if check.results else None,
            row["faults"] if check.results else None,
        )
        for row in rows_of(checks)
        for check in (row["check"],)
    ]
    title = f"{draw.title}　{office_name(draw.authority)}"
    sheet = SheetOut(_("Checks"), columns, rows, title=title)
    return download(sheet, "draw", site_date(timezone.now()))
