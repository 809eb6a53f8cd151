"""A second bank in the county, without messages: its officer takes .xlsx batches and gives result tables back."""

from datetime import datetime, time
from typing import TYPE_CHECKING

from payroll.bank import shapes
from payroll.bank.pain001 import Account, LineOut, OrderOut, write_pain001
from payroll.bank.simulator.counter import answer_table
from payroll.models import BankTerms, PaymentLine, PaymentOrder
from payroll.services.bank_results import receive_result
from payroll.services.sending import fetch_file
from payroll.services.terms import profile_of, save_terms
from registration.middleware import actor_of_user
from registration.models import Organisation, User
from wagewatch.lib.dates import site_date

if TYPE_CHECKING:
    from inspection.demo.wages import PastBank


def agree_terms(bank: Organisation, officer: User, now: datetime) -> None:
    """The usual batch table, 500 payments a file, same-day booking until half past four on working days."""
    columns, results, encoding, separator = shapes.PROPOSALS["xlsx"]
    save_terms(
        BankTerms(
            bank=bank, valid_from=site_date(now), form="xlsx", by_hand=True, columns=columns,
            result_columns=results, result_states=shapes.RESULT_STATES, encoding=encoding, separator=separator,
            line_limit=500, line_ceiling_fen=5_000_000, cut_off=time(16, 30), working_days_only=True,
            route="BEPS", answer_hours=24, note="代发工资协议 2026-07",
        ),
        actor=actor_of_user(officer), now=now,
    )  # fmt: skip


def carry(bank: "PastBank", order: PaymentOrder, now: datetime) -> None:
    """The officer fetches the table, the bank's ledger books it, and the result table comes back.

    The ledger is the simulator's: it takes the same payments as a message and tells them once more on its
    statements, which changes nothing.
    """
    officer = actor_of_user(
        User.objects.filter(
            memberships__organisation=order.account.bank_id, memberships__role="bank_officer"
        )[0]
    )
    order = fetch_file(order.pk, actor=officer, now=now)
    profile = profile_of(order.account.bank, site_date(now))
    if profile.shape is None or profile.result is None:
        raise ValueError("this bank takes no tables")
    bank.bank.accept(_message(order, profile.clearing_code), now)
    receive_result(
        order.pk,
        filename=f"{order.message_id}-回单.xlsx",
        data=answer_table(order.file, profile.shape, profile.result),
        actor=officer,
        now=now,
    )


def _message(order: PaymentOrder, clearing_code: str) -> bytes:
    """The same payments as the bank's own ledger takes them."""
    account = order.account
    lines = PaymentLine.objects.filter(project=order.project_id, order=order.pk).select_related("worker")
    return write_pain001(
        OrderOut(
            message_id=order.message_id,
            created_at=order.instructed_at,
            execute_on=order.execute_on or site_date(order.instructed_at),
            payer=Account(account.name, str(account.number), clearing_code, account.bank.name),
            lines=tuple(
                LineOut(x.end_to_end_id, x.amount_fen, Account(x.worker.name, str(x.card_number), ""))
                for x in lines
            ),
        )
    )
