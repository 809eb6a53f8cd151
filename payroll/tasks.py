"""What beat runs: orders to the banks, messages from them. Each may run twice at once or die in the middle."""

import structlog
from celery import shared_task
from django.utils import timezone

from payroll.models import SheetUpload, StatementUpload
from payroll.services import board_photos
from payroll.services.connections import connections
from payroll.services.messages import fetch_messages
from payroll.services.money_check import run_nightly
from payroll.services.reminders import remind_silent
from payroll.services.sending import ask_about_overdue, send_ready_orders
from payroll.services.statement_uploads import read_statement_upload, stuck_statements
from payroll.services.top_ups import remind_owners as remind
from payroll.services.upload_reading import read_sheet_file
from payroll.services.upload_writing import write_sheet_upload
from payroll.services.uploads import forget_undecided_sheets, stuck_sheet_files
from registration.services.undecided import forget_undecided_rosters
from registration.tasks import in_the_name_of
from wagewatch.lib.errors import WagewatchError

log = structlog.get_logger(__name__)


@shared_task
def send_orders() -> int:
    """Send the orders that are ready, bank by bank: one that is away does not hold back the others."""
    sent = 0
    for line in connections():
        sent += send_ready_orders(line.transport, now=timezone.now(), only=line.only, without=line.without)
    return sent


@shared_task
def fetch_bank_messages() -> int:
    """Take in what the banks have for us, and ask about orders that wait too long."""
    new = 0
    for line in connections():
        try:
            new += fetch_messages(line.transport, now=timezone.now(), source=line.source)
            ask_about_overdue(line.transport, now=timezone.now(), only=line.only, without=line.without)
        except WagewatchError as problem:
            log.warning("bank.away", code=problem.code, bank=line.source)
    return new


@shared_task
def remind_owners() -> int:
    """Remind owners of requests for labour cost that they have not answered."""
    return remind(now=timezone.now())


@shared_task
def read_sheet(upload_id: int) -> None:
    """Read a kept pay sheet; harmless when it was read already."""
    read_sheet_file(upload_id)


@shared_task
def write_sheet(upload_id: int) -> None:
    """Write a compared pay sheet in the name of the clerk who asked for it; harmless when it was written already."""
    found = SheetUpload.objects.defer("content", "samples", "rows").select_related("applied_by")
    upload = found.filter(pk=upload_id).first()
    if upload is not None and upload.applied_by is not None:
        write_sheet_upload(upload_id, actor=in_the_name_of(upload.applied_by), now=timezone.now())


@shared_task
def read_statement(upload_id: int) -> None:
    """Read a kept statement and take it in, in the name of who brought it; harmless when that was done already."""
    upload = (
        StatementUpload.objects.defer("content").select_related("uploaded_by").filter(pk=upload_id).first()
    )
    if upload is not None:
        read_statement_upload(upload_id, actor=in_the_name_of(upload.uploaded_by), now=timezone.now())


@shared_task
def read_stuck_sheets() -> int:
    """Go on with uploaded pay sheets and statements whose reader or writer was killed or never came; how many."""
    waiting = stuck_sheet_files(now=timezone.now())
    for upload_id, state in waiting:
        (read_sheet if state == SheetUpload.State.READING else write_sheet)(upload_id)
    statements = stuck_statements(now=timezone.now())
    for upload_id in statements:
        read_statement(upload_id)
    return len(waiting) + len(statements)


@shared_task
def forget_undecided_uploads() -> int:
    """Delete the files of pay sheets and rosters about which nobody decided in the region's days; how many."""
    now = timezone.now()
    return forget_undecided_sheets(now=now) + forget_undecided_rosters(now=now)


@shared_task
def verify_money() -> int:
    """The nightly check of all money; how many figures do not agree."""
    return run_nightly(now=timezone.now()).found


@shared_task
def remind_silent_workers() -> int:
    """Remind workers whose slip waits for their answer; each step once."""
    return remind_silent(now=timezone.now())


@shared_task(name="payroll.tasks.forget_board_photos")
def forget_board_photos() -> int:
    """Delete pictures of notice boards that are older than their region keeps them; how many."""
    return board_photos.forget_board_photos(now=timezone.now())
