"""Who sees part of a thing sees no more of it: accounts shared by projects, people who work in two places."""

from datetime import date

from django.urls import reverse

from payroll.models import BankMessage, StatementLine
from payroll.services import accounts
from registration.models import Participation, Team
from tests.cast import Cast, make_posting, make_project
from tests.payroll import stage as payroll


def test_an_owner_sees_no_statement_line_of_the_whole_account(cast: Cast) -> None:
    ledger = payroll.account(cast)
    elsewhere, _owner, _gc = make_project("JH330703077", "江北安置房", "330703", cast.rival, cast.gc)
    accounts.share_account(ledger.account, elsewhere)
    message = BankMessage.objects.create(
        account=ledger.account, name="a.xml", kind="camt.053", content=b"x", sha256=b"2" * 32, received_at=cast.now,
        summary={"gap": True},
    )  # fmt: skip
    StatementLine.objects.create(
        account=ledger.account, message=message, bank_reference="B-77", booked_at=cast.now, amount_fen=1234500,
        counterparty="江北置业", text="工程款", state=StatementLine.State.UNMATCHED,
    )  # fmt: skip
    path = reverse("payroll:account", kwargs={"pk": ledger.account_id})
    for who in (cast.zhao, cast.officer):
        assert "B-77" in cast.client(who).get(path).content.decode()
    seen = cast.client(cast.ye).get(path)
    assert seen.status_code == 200
    text = seen.content.decode()
    assert [word for word in ("B-77", "江北置业", "江北安置房", "a.xml") if word in text] == []


def test_a_clerk_sees_no_work_for_others_where_the_own_firm_is_a_subcontractor(cast: Cast) -> None:
    """Zhao's firm leads one project and is a subcontractor on the rival's, where Sun works for somebody else."""
    part = Participation.objects.create(
        project=cast.other_project, organisation=cast.gc, role="subcontractor", parent=cast.other_part
    )
    make_posting(cast.sun, cast.other_team, pin=9, joined_on=date(2026, 9, 1))
    path = reverse("registration:person", kwargs={"project_pk": cast.project.pk, "worker_pk": cast.sun.pk})
    client = cast.client(cast.zhao)
    assert cast.other_team.name not in client.get(path).content.decode()
    own_team = Team.objects.create(project=cast.other_project, participation=part, name="抹灰五班")
    make_posting(cast.sun, own_team, pin=10, joined_on=date(2025, 9, 1), left_on=date(2025, 12, 1))
    assert own_team.name in client.get(path).content.decode()
