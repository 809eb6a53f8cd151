"""What waits for a word of the bank's officer beside orders: accounts, statements, credit lines, draws."""

from django.urls import reverse
from django.utils.translation import ngettext

from payroll.models import AccountState, BankStatement, LoanDraw, LoanFacility, SubLedger
from payroll.services.account_reopening import asked_to_reopen
from registration.access import organisations_with
from registration.actors import Actor
from registration.permissions import PERMISSIONS


def answers_waiting(actor: Actor) -> list[tuple[str, str]]:
    """(what waits and how many, where it is answered); empty when nothing does. One query each."""
    confirms = organisations_with(actor, PERMISSIONS["account.confirm"])
    lends = organisations_with(actor, PERMISSIONS["loan.grant"])
    accounts = SubLedger.objects.filter(account__bank__in=confirms, state=AccountState.PENDING).count()
    statements = BankStatement.objects.filter(
        account__bank__in=confirms, state=BankStatement.State.WAITING
    ).count()
    reopen = asked_to_reopen().filter(account__bank__in=confirms).count()
    lines = LoanFacility.objects.filter(bank__in=lends, state=LoanFacility.State.ASKED).count()
    draws = LoanDraw.objects.filter(facility__bank__in=lends, state=LoanDraw.State.ASKED).count()
    found = (
        (accounts, "accounts", ngettext(
            "%(n)s registered account to confirm or refuse", "%(n)s registered accounts to confirm or refuse", accounts
        )),
        (reopen, "accounts", ngettext(
            "%(n)s closed account to open again or not", "%(n)s closed accounts to open again or not", reopen
        )),
        (statements, "accounts", ngettext(
            "%(n)s statement that a contractor brought: is it yours?",
            "%(n)s statements that contractors brought: are they yours?",
            statements,
        )),
        (lines, "loans", ngettext(
            "%(n)s application for a wage loan", "%(n)s applications for wage loans", lines
        )),
        (draws, "loans", ngettext("%(n)s draw of a wage loan", "%(n)s draws of wage loans", draws)),
    )  # fmt: skip
    return [(text % {"n": count}, reverse(f"payroll:{page}")) for count, page, text in found if count]
