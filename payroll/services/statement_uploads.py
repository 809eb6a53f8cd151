"""Large statements that people bring: the file is kept, the worker process reads it and takes it in.

All or nothing: a reader that is killed has taken in nothing and leaves state reading; the next one begins again.
"""

import hashlib
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from payroll.access import access_held_account, acts_for_bank
from payroll.models import SpecialAccount, StatementUpload
from payroll.services.statements import (
    account_to_bring,
    answer_statement,
    read_sound,
    statement_to_answer,
    upload_statement,
)
from payroll.services.upload_reading import MOST_TRIES
from payroll.services.who import user_of
from registration.access import not_found
from registration.actors import Actor
from registration.services.progress import teller
from registration.services.rosters import STUCK_AFTER
from wagewatch.lib.collecting import collector_paused
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import NotFound, NotPermitted, RuleViolation, TryLater, WagewatchError
from wagewatch.lib.locks import only_one
from wagewatch.lib.sheets import safe_filename

State = StatementUpload.State
INLINE_BYTES = 30_000
"""Files up to this size (some 500 lines) are taken in while the person waits, larger ones by the worker process."""
CONFIRM_INLINE = 500
"""Statements of up to so many lines are taken in at once when the bank's officer confirms them."""
RECENT = 5


@transaction.atomic
def keep_statement_file(
    account_id: int, *, filename: str, data: bytes, actor: Actor, now: datetime
) -> StatementUpload:
    """Keep a statement file (encrypted) to be read. The same bytes from the same side are one upload, read anew.

    Raises RuleViolation `account.not_open`, NotFound.
    """
    account = account_to_bring(account_id, actor)
    return _to_be_read(
        account, hashlib.sha256(data).digest(), filename=filename, data=data, actor=actor, now=now
    )


@transaction.atomic
def begin_confirming(statement_id: int, *, actor: Actor, now: datetime) -> StatementUpload:
    """Hand a contractor's large statement that the bank's officer confirms over to be taken in by the worker process.

    Raises RuleViolation `statement.answered`, `statement.busy`, NotFound, NotPermitted.
    """
    record = statement_to_answer(statement_id, actor)
    upload = _to_be_read(
        record.account,
        bytes(record.message.sha256),
        filename=record.message.name,
        data=None,
        actor=actor,
        now=now,
        statement=record.pk,
        lines=record.line_count,
    )
    if upload.statement_id != record.pk:
        raise RuleViolation(
            "statement.busy",
            gettext_lazy("Another statement of this file is being taken in. Wait until it is done."),
        )
    return upload


def _to_be_read(
    account: SpecialAccount,
    digest: bytes,
    *,
    filename: str,
    data: bytes | None,
    actor: Actor,
    now: datetime,
    statement: int | None = None,
    lines: int = 0,
) -> StatementUpload:
    SpecialAccount.objects.select_for_update(no_key=True).get(pk=account.pk)
    by_bank = acts_for_bank(actor, account)
    same = StatementUpload.objects.filter(account=account, sha256=digest, by_bank=by_bank).defer("content")
    upload = same.order_by("-pk").first()
    if upload is not None and upload.state == State.READING:
        return upload
    upload = upload or StatementUpload(account=account, sha256=digest, by_bank=by_bank)
    upload.filename, upload.size = safe_filename(filename)[:200], len(data or b"")
    upload.content, upload.statement_id, upload.lines_total = data, statement, lines
    upload.state, upload.read_tries, upload.error_text, upload.is_new = State.READING, 0, "", True
    upload.language = get_language() or "zh-hans"
    upload.uploaded_by_id, upload.uploaded_at = user_of(actor), now
    upload.save()
    teller("statement", upload.pk)(0)
    return upload


def read_statement_upload(upload_id: int, *, actor: Actor, now: datetime) -> None:
    """Read a kept statement and take it in, in the name of who brought it; one reader at a time, a second call does
    nothing. What cannot be taken in is refused, with the reason in the language of who brought it; so is a file at which
    `MOST_TRIES` readers died.
    """
    with only_one("statement", upload_id) as alone:
        upload = StatementUpload.objects.filter(pk=upload_id, state=State.READING).first()
        if not alone or upload is None:
            return
        waiting = StatementUpload.objects.filter(pk=upload.pk, state=State.READING)
        with translation.override(upload.language):
            if upload.read_tries >= MOST_TRIES:
                _refuse(
                    waiting,
                    _(
                        "This file could not be read in several tries. Bring it in parts, or tell the operator."
                    ),
                )
                return
            waiting.update(read_tries=upload.read_tries + 1)
            try:
                with collector_paused():
                    _take(upload, waiting, actor, now)
            except TryLater:
                return
            except (NotFound, NotPermitted):
                _refuse(waiting, _("Whoever brought it may not bring statements of this account any more."))
            except WagewatchError as problem:
                _refuse(waiting, problem.message)


def _refuse(waiting: QuerySet[StatementUpload], text: str) -> None:
    waiting.update(state=State.REFUSED, error_text=text, content=None)


def _take(upload: StatementUpload, waiting: QuerySet[StatementUpload], actor: Actor, now: datetime) -> None:
    tell = teller("statement", upload.pk)
    if upload.confirms and upload.statement_id is not None:
        with transaction.atomic():
            answer_statement(upload.statement_id, confirm=True, actor=actor, now=now, tell=tell)
            waiting.update(state=State.DONE)
        return
    data = bytes(upload.content or b"")
    account = account_to_bring(upload.account_id, actor)
    read = read_sound(account, upload.filename, data, on=site_date(now))
    waiting.update(lines_total=sum(len(statement.entries) for statement in read[0]))
    with transaction.atomic():
        record, is_new = upload_statement(
            account.pk, filename=upload.filename, data=data, actor=actor, now=now, read=read, tell=tell
        )
        waiting.update(state=State.DONE, statement=record, is_new=is_new, content=None)


def stuck_statements(*, now: datetime) -> list[int]:
    """Uploads that wait for a reader that was killed or never came."""
    waits = StatementUpload.objects.filter(state=State.READING, uploaded_at__lt=now - STUCK_AFTER)
    return list(waits.order_by("pk").values_list("pk", flat=True)[:20])


def access_statement_upload(pk: int, actor: Actor) -> StatementUpload:
    """A file that was brought to an account which the actor holds or keeps, without its content; NotFound."""
    found = StatementUpload.objects.select_related("account__bank", "account__organisation", "uploaded_by")
    upload = found.defer("content").filter(pk=pk).first()
    if upload is None:
        not_found()
    access_held_account(upload.account_id, actor)
    return upload


def recent_uploads(account: SpecialAccount) -> QuerySet[StatementUpload]:
    """What was brought of late and is being read, or could not be: who left the page finds the result here."""
    open_ones = StatementUpload.objects.filter(account=account).exclude(state=State.DONE)
    return open_ones.defer("content").select_related("uploaded_by").order_by("-uploaded_at", "-pk")[:RECENT]
