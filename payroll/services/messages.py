"""Taking in what the bank sends: every file is kept as it came, once, and worked off in its own transaction."""

import hashlib
from datetime import datetime

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payroll.access import officer_bank_ids
from payroll.bank.batch_reader import LineRef, read_batch_result
from payroll.bank.camt053 import check_currency, read_statement
from payroll.bank.pain002 import StatusReport, read_pain002
from payroll.bank.problems import malformed
from payroll.bank.schemas import check_message, facts_of, refuse_faults
from payroll.bank.transport import BankTransport
from payroll.bank.xmlread import kind_of
from payroll.models import BankMessage, PaymentLine, PaymentOrder, SpecialAccount
from payroll.services.connections import may_speak
from payroll.services.results import MESSAGE_ID, apply_status
from payroll.services.statements import bank_repeats, take_statement
from payroll.services.terms import profile_of
from registration.access import not_found
from registration.actors import Actor
from registration.models import Organisation
from wagewatch.lib.crypto import blind_index
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import Malformed, RuleViolation
from wagewatch.lib.money import format_cny

log = structlog.get_logger(__name__)
State = BankMessage.State
RESULT = "result"
"""Kind of a result table that a person uploaded for one order; `summary["order"]` names it."""


def fetch_messages(transport: BankTransport, *, now: datetime, source: str = "") -> int:
    """Store what is new at the bank, work it off, then tell the bank; returns how many files were new.

    `source` names the connection: each has its own order of file names.
    """
    process_waiting(now=now)
    since = (
        BankMessage.objects.filter(source=source).order_by("-pk").values_list("name", flat=True).first() or ""
    )
    new = 0
    while batch := transport.fetch(since):
        for name, data in batch:
            new += store_message(name, data, now=now, source=source)[1]
        process_waiting(now=now)
        for name, _data in batch:
            transport.acknowledge(name)
        if since >= batch[-1][0]:
            break  # a folder lists what is left, whatever `since` says
        since = batch[-1][0]
    return new


def store_message(name: str, data: bytes, *, now: datetime, source: str = "") -> tuple[BankMessage, bool]:
    """Keep a file from the bank; (message, is new). The same bytes are kept once."""
    message, is_new = BankMessage.objects.get_or_create(
        sha256=hashlib.sha256(data).digest(),
        defaults={"name": name[:200], "content": data, "received_at": now, "source": source},
    )
    if not is_new and message.uploaded_by_id is not None:
        bank_repeats(message, source=source, now=now)
    return message, is_new


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
        with transaction.atomic():
            if message.kind == RESULT:
                _take_result(message, data, now)
            elif kind_of(data) == "pain.002":
                _take_status(message, data, now)
            else:
                _take_statements(message, data, now)
        message.state = State.DONE
    except Malformed as problem:
        log.warning("bank.unreadable", message=message.pk, code=problem.code)
        message.state, message.error_text = State.UNREADABLE, str(problem.message)[:500]
    except (OperationalError, InterfaceError):
        raise  # the database is away; the file is read when it is back
    except Exception:
        # One file that the reader falls over must not keep all others of all banks waiting.
        log.exception("bank.reader_failed", message=message.pk)
        message.state = State.UNREADABLE
        message.error_text = _(
            "The program failed at this file. It is kept and nothing of it was booked. Tell the operator, then have "
            "it read again."
        )
    message.save(update_fields=["state", "kind", "summary", "account", "error_text"])
    return message


def faulty_messages(actor: Actor) -> QuerySet[BankMessage]:
    """The files of the actor's bank that could not be read or say something that does not fit; the newest first.

    Of a file whose account nobody could make out only the connection tells whose it is.
    """
    banks = officer_bank_ids(actor)
    codes = list(Organisation.objects.filter(pk__in=banks).values_list("uscc", flat=True))
    own = Q(account__bank__in=banks)
    if banks:
        own |= Q(account=None, source__in=["", *codes])
    return (
        BankMessage.objects.filter(own)
        .filter(Q(state=State.UNREADABLE) | ~Q(error_text="") | Q(summary__has_key="gap"))
        .defer("content")
        .order_by("-pk")
    )


@transaction.atomic
def read_message_again(message_id: int, *, actor: Actor, now: datetime) -> BankMessage:
    """Read a file once more that could not be read, after the bank's terms or this program have changed.

    Raises NotFound, RuleViolation `bank.read_already`.
    """
    message = faulty_messages(actor).select_for_update(of=("self",)).filter(pk=message_id).first()
    if message is None:
        not_found()
    if message.state != State.UNREADABLE:
        raise RuleViolation(
            "bank.read_already", gettext_lazy("This file was read already. Nothing is booked twice.")
        )
    message.state, message.error_text = State.RECEIVED, ""
    message.save(update_fields=["state", "error_text"])
    return take_message(message.pk, now=now)


def _check_sender(message: BankMessage, bank: Organisation) -> None:
    """A bank speaks about its own accounts alone. Raises Malformed `bank.other_bank`; files that people bring came over
    no connection."""
    if message.source not in ("bank", "contractor") and not may_speak(message.source, bank):
        raise malformed("bank.other_bank")


def _check_schema(message: BankMessage, data: bytes, *, strict: bool) -> None:
    """Refuse what breaks the schema of its own version, before anything is booked. What was agreed to be read all the
    same, or could only be held against a neighbouring version, is noted. Raises Malformed `bank.schema`."""
    checked = check_message(data)
    if strict:
        refuse_faults(checked)
    if checked.faults:
        message.error_text = str(
            _(
                "Read all the same, although it breaks the schema %(version)s: line %(line)s, element %(element)s: %(why)s."
            )
        ) % facts_of(checked)


def _take_status(message: BankMessage, data: bytes, now: datetime) -> None:
    report = read_pain002(data)
    message.kind = "pain.002"
    order = _order_of(report)
    message.account = order.account if order else None
    if order is not None:
        _check_sender(message, order.account.bank)
    profile = profile_of(order.account.bank, site_date(now)) if order else None
    _check_schema(message, data, strict=profile is None or profile.strict_schema)
    message.summary = apply_status(report, now=now, texts=profile.texts if profile else ())
    message.account_id = message.summary.pop("account", None)
    if order is None or not message.summary.get("order"):
        _note(message, _("The bank answers an order that is not known here. Ask the bank what it is."))
        return
    if doubtful := message.summary.get("doubtful"):
        words = _(
            "The bank says paid of what it had refused before: %(lines)s. Ask the bank before it is sent again."
        )
        _note(message, words % {"lines": ", ".join(doubtful[:10])})
    if strange := message.summary.get("not_ours"):
        words = _(
            "The bank speaks of payments that this order does not have: %(lines)s. Ask the bank what they are."
        )
        _note(message, words % {"lines": ", ".join(strange[:10])})
    if report.original not in (None, (order.line_count, order.total_fen)):
        count, fen = report.original
        words = _(
            "The bank read %(count)s payments of %(sum)s; the order has %(lines)s of %(total)s. Ask the bank which "
            "file it took."
        )
        figures = {
            "count": count,
            "sum": format_cny(fen),
            "lines": order.line_count,
            "total": format_cny(order.total_fen),
        }
        _note(message, words % figures)


def _note(message: BankMessage, words: str) -> None:
    """One more thing that a person must read about a file."""
    message.error_text = f"{message.error_text} {words}".strip()[:500]


def _order_of(report: StatusReport) -> PaymentOrder | None:
    """The order that a report answers, with its bank."""
    named = MESSAGE_ID.fullmatch(report.original_message_id)
    if named is None:
        return None
    return (
        PaymentOrder.objects.filter(message_id=report.original_message_id, sheet_id=int(named[1]))
        .select_related("account__bank")
        .defer("file")
        .first()
    )


def _take_result(message: BankMessage, data: bytes, now: datetime) -> None:
    """A result table, read by the terms of the day on which the order was made."""
    order = (
        PaymentOrder.objects.select_related("account__bank")
        .defer("file")
        .get(pk=message.summary["order"], project=message.summary["project"])
    )
    profile = profile_of(order.account.bank, site_date(now))
    if profile.result is None:
        profile = profile_of(order.account.bank, site_date(order.instructed_at))
    if profile.result is None:
        raise malformed("bank.version", form=order.form)
    lines = PaymentLine.objects.filter(project=order.project_id, order=order.pk).select_related("worker")
    found = read_batch_result(
        data,
        message.name,
        profile.result,
        [
            LineRef(x.end_to_end_id, str(x.card_number), x.worker.name, x.amount_fen)
            for x in lines.defer("worker__id_number", "worker__phone", "worker__address")
        ],
        message_id=order.message_id,
        created_at=now,
    )
    summary = apply_status(
        found.report, now=now, texts=profile.texts, proves_payment=message.source == "bank"
    )
    summary.pop("account", None)
    message.account_id = order.account_id
    message.summary |= summary | {"strange": list(found.strange_rows[:50])}
    message.error_text = ""
    if found.strange_rows:
        message.error_text = _("Rows about none of this order's payments: %(rows)s.") % {
            "rows": ", ".join(str(n) for n in found.strange_rows[:20])
        }


def _take_statements(message: BankMessage, data: bytes, now: datetime) -> None:
    statements = read_statement(data)
    accounts = [
        SpecialAccount.objects.select_related("bank")
        .filter(number_index=blind_index(statement.account, kind="account"))
        .first()
        for statement in statements
    ]
    message.kind = statements[0].kind if statements else ""
    message.account = next((a for a in accounts if a is not None), None)
    profiles = [profile_of(a.bank, site_date(now)) for a in accounts if a is not None]
    _check_schema(message, data, strict=not profiles or any(p.strict_schema for p in profiles))
    for statement, account in zip(statements, accounts, strict=True):  # all of it, before anything is booked
        if account is not None:
            _check_sender(message, account.bank)
            check_currency(statement, profile_of(account.bank, site_date(now)).currency)
    summaries: list[dict[str, object]] = []
    for position, (statement, account) in enumerate(zip(statements, accounts, strict=True)):
        message.kind = statement.kind
        if account is None:
            message.error_text = _("The statement is about an account that is not known here.")
            summaries.append({"account_known": False, "lines": len(statement.entries)})
            continue
        message.account = account
        summaries.append(take_statement(statement, account, message, position, now=now))
        if statement.said not in (None, statement.holds):
            count, fen = statement.said
            words = _(
                "By its own summary the file has %(count)s entries of %(sum)s; it holds %(found)s of %(total)s. Ask the "
                "bank for all of them."
            )
            found, total = statement.holds
            figures = {"count": count, "sum": format_cny(fen), "found": found, "total": format_cny(total)}
            _note(message, words % figures)
    message.summary = summaries[0] if len(summaries) == 1 else {"statements": summaries}
