"""Taking in what the bank sends: every file is kept as it came, once, and worked off in its own transaction."""

import hashlib
from datetime import datetime

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from payroll.bank.camt053 import Statement, gap_between, read_statement
from payroll.bank.pain002 import read_pain002
from payroll.bank.transport import BankTransport
from payroll.models import BankMessage, SpecialAccount
from payroll.services.results import apply_statement, apply_status
from wagewatch.lib.crypto import blind_index
from wagewatch.lib.errors import Malformed

log = structlog.get_logger(__name__)
State = BankMessage.State


def fetch_messages(transport: BankTransport, *, now: datetime) -> int:
    """Store what is new at the bank, work it off, then tell the bank; returns how many files were new."""
    process_waiting(now=now)
    since = BankMessage.objects.order_by("-pk").values_list("name", flat=True).first() or ""
    new = 0
    while batch := transport.fetch(since):
        for name, data in batch:
            new += store_message(name, data, now=now)[1]
        process_waiting(now=now)
        for name, _data in batch:
            transport.acknowledge(name)
        if since >= batch[-1][0]:
            break  # a folder lists what is left, whatever `since` says
        since = batch[-1][0]
    return new


def store_message(name: str, data: bytes, *, now: datetime) -> tuple[BankMessage, bool]:
    """Keep a file from the bank; (message, is new). The same bytes are kept once."""
    return BankMessage.objects.get_or_create(
        sha256=hashlib.sha256(data).digest(),
        defaults={"name": name[:200], "content": data, "received_at": now},
    )


def process_waiting(*, now: datetime) -> int:
    """Work off all stored files in the order they came; returns how many."""
    waiting = list(
        BankMessage.objects.filter(state=State.RECEIVED).order_by("pk").values_list("pk", flat=True)
    )
    for pk in waiting:
        take_message(pk, now=now)
    return len(waiting)


@transaction.atomic
def take_message(message_id: int, *, now: datetime) -> BankMessage:
    """Work off one stored file; doing it twice is harmless. What cannot be read is kept and shown."""
    message = BankMessage.objects.select_for_update().get(pk=message_id)
    if message.state != State.RECEIVED:
        return message
    data = message.content
    try:
        if b"CstmrPmtStsRpt" in data:
            _take_status(message, data, now)
        else:
            _take_statements(message, data, now)
        message.state = State.DONE
    except Malformed as problem:
        log.warning("bank.unreadable", message=message.pk, code=problem.code)
        message.state, message.error_text = State.UNREADABLE, problem.message[:500]
    message.save(update_fields=["state", "kind", "summary", "account", "error_text"])
    return message


def _take_status(message: BankMessage, data: bytes, now: datetime) -> None:
    report = read_pain002(data)
    message.kind = "pain.002"
    message.summary = apply_status(report, now=now)
    message.account_id = message.summary.pop("account", None)
    if not message.summary.get("order"):
        message.error_text = _("The bank answers an order that is not known here. Ask the bank what it is.")


def _take_statements(message: BankMessage, data: bytes, now: datetime) -> None:
    statements = read_statement(data)
    summaries: list[dict[str, object]] = []
    for statement in statements:
        message.kind = statement.kind
        account = SpecialAccount.objects.filter(
            number_index=blind_index(statement.account, kind="account")
        ).first()
        if account is None:
            message.error_text = _("The statement is about an account that is not known here.")
            summaries.append({"account_known": False, "lines": len(statement.entries)})
            continue
        message.account = account
        found = apply_statement(statement, account, message, now=now)
        if statement.kind == "camt.053":
            found |= _continuity(statement, account, message)
        summaries.append(found)
    message.summary = summaries[0] if len(summaries) == 1 else {"statements": summaries}


def _continuity(statement: Statement, account: SpecialAccount, message: BankMessage) -> dict[str, object]:
    """Do the sums add up, and does it follow on the statement before? A gap is shown, nothing is repaired."""
    found: dict[str, object] = {
        "statement": statement.statement_id,
        "sequence": statement.sequence,
        "opening_fen": statement.opening_fen,
        "closing_fen": statement.closing_fen,
    }
    if statement.differs_fen:
        found["differs_fen"] = statement.differs_fen
    earlier = (
        BankMessage.objects.filter(account=account, kind="camt.053", state=State.DONE)
        .exclude(pk=message.pk)
        .order_by("-pk")
        .first()
    )
    if earlier is not None and earlier.summary.get("closing_fen") is not None:
        gap = gap_between(read_statement(earlier.content)[-1], statement)
        if gap is not None:
            found["gap"] = {"missing_fen": gap.missing_fen, "missing_statements": gap.missing_statements}
    return found
