"""Many rows in one COPY: they hold what `bulk_create` would have written, and the table's constraints hold them."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from payroll.models import BankMessage, PaymentLine, StatementLine
from registration.models import Worker
from tests.cast import Cast
from tests.payroll import stage
from wagewatch.lib.copying import WORTH_A_COPY, write_rows

pytestmark = pytest.mark.django_db
MANY = WORTH_A_COPY + 5
NASTY = 'a\tb\\c\nd\re"f\\N;木工\U00020bb7'


def lines(cast: Cast, message: BankMessage) -> list[StatementLine]:
    account = stage.account(cast).account
    return [
        StatementLine(
            account=account,
            message=message,
            bank_reference=f"B{n}",
            booked_at=cast.now + timedelta(microseconds=n),
            amount_fen=-n,
            counterparty=NASTY if n % 2 else "",
            state=StatementLine.State.UNMATCHED,
            is_foreign=n % 3 == 0,
        )
        for n in range(MANY)
    ]


def test_a_copy_holds_what_was_given_and_numbers_it(cast: Cast) -> None:
    message = BankMessage.objects.create(name="S", content=b"x", sha256=b"1" * 32, received_at=cast.now)
    given = write_rows(lines(cast, message))
    assert len({line.pk for line in given}) == MANY
    for line in given:
        line.refresh_from_db()
    kept = StatementLine.objects.order_by("-amount_fen")
    assert [
        (x.pk, x.amount_fen, x.booked_at, x.counterparty, x.state, x.is_foreign, x.version) for x in kept
    ] == [
        (x.pk, -n, cast.now + timedelta(microseconds=n), NASTY if n % 2 else "", "unmatched", n % 3 == 0, 0)
        for n, x in enumerate(given)
    ]
    later = StatementLine.objects.create(
        account=given[0].account, message=message, bank_reference="C", booked_at=cast.now, amount_fen=1, state="matched"
    )  # fmt: skip
    assert later.pk > max(x.pk for x in given)


def test_the_constraints_hold_and_nothing_is_half_written(cast: Cast) -> None:
    message = BankMessage.objects.create(name="S", content=b"x", sha256=b"1" * 32, received_at=cast.now)
    twice = lines(cast, message)
    twice[-1].bank_reference, twice[-1].amount_fen = "B0", 0
    with pytest.raises(IntegrityError), transaction.atomic():
        write_rows(twice)
    assert not StatementLine.objects.exists()


def test_a_card_number_is_copied_encrypted(cast: Cast) -> None:
    stage.account(cast, 5_000_000)
    order = stage.instructed(cast, stage.approved_sheet(cast))
    worker = Worker.objects.get(pk=cast.sun.pk)
    made = [
        PaymentLine(
            project_id=order.project_id, end_to_end_id=f"x-{n}", order_id=order.pk, sheet_id=order.sheet_id,
            worker=worker, month=stage.MONTH, attempt=n + 2, amount_fen=1, card_number=f"622202{n:013d}",
            card_tail=f"{n:04d}", state=PaymentLine.State.RETURNED,
        )
        for n in range(MANY)
    ]  # fmt: skip
    write_rows(made)
    kept = PaymentLine.objects.filter(end_to_end_id__startswith="x-").order_by("attempt")
    assert [str(x.card_number) for x in kept] == [f"622202{n:013d}" for n in range(MANY)]
    assert all(x.settled_at is None and x.bank_status == "" for x in kept)
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(position('622202'::bytea in card_number)) FROM payroll_paymentline")
        assert cursor.fetchone() == (0,)
