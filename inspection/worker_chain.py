"""Everything that is on record of one worker's month: facts of all eight stages and their evidence, read once."""

from collections import defaultdict
from dataclasses import dataclass, field

from devices.models import AttendanceDay, DayCorrection, Passage, Terminal
from devices.services.seals import subject_of as day_subject
from payroll import confirming_records, records
from payroll.models import (
    Approval,
    CashPayment,
    FirstApproval,
    Mediation,
    Objection,
    PaymentLine,
    PaySlip,
    ProxyWord,
)
from payroll.wage_months import days_of_sheet
from registration.models import Worker
from wagewatch.evidence.models import Entry

STAGE_OF_KIND = {
    "attendance.day": 1,
    "attendance.corrected": 1,
    records.CONFIRMED: 3,
    records.OBJECTED: 3,
    confirming_records.PROXY: 3,
    confirming_records.PROXY_DENIED: 3,
    "mediation": 3,
    records.APPROVED: 4,
    confirming_records.FIRST: 4,
    records.INSTRUCTED: 5,
    records.RESULT: 6,
    confirming_records.CASH: 6,
}
"""The stage (0 to 7) that an entry of a kind speaks of; others belong to the last, the log itself."""


@dataclass(frozen=True)
class Chain:
    """One slip with all that led to it and followed from it. Lists are in the order of time."""

    slip: PaySlip
    worker: Worker
    passages: list[Passage]
    attended: list[AttendanceDay]
    gates: dict[int, str]
    corrections: list[DayCorrection]
    objections: list[Objection]
    words: list[ProxyWord]
    mediations: list[Mediation]
    approval: Approval | None
    lines: list[PaymentLine]
    cash: list[CashPayment]
    entries: list[Entry] = field(default_factory=list)

    def of_stage(self, stage: int) -> list[Entry]:
        """The evidence of a stage, the oldest first."""
        return [entry for entry in self.entries if STAGE_OF_KIND.get(entry.kind, 7) == stage]

    def newest(self, *kinds: str) -> Entry | None:
        """The newest entry of these kinds."""
        return next((entry for entry in reversed(self.entries) if entry.kind in kinds), None)

    @property
    def counted(self) -> list[Passage]:
        """Stamps that count: neither repeated nor taken out."""
        return [p for p in self.passages if not p.is_void and not p.is_repeat]

    @property
    def handed(self) -> CashPayment | None:
        """The hand-over in cash that stands."""
        return next((c for c in self.cash if c.withdrawn_at is None), None)

    @property
    def is_settled(self) -> bool:
        """The money reached the worker; as `payroll.owed` counts it."""
        if self.slip.payment == PaySlip.Payment.CASH:
            return self.handed is None or self.handed.denied_at is None
        return self.slip.payment == PaySlip.Payment.PAID


def load_chain(slip: PaySlip, worker: Worker) -> Chain:
    """Read it in twelve queries, each with the project in it; `slip` comes with its sheet and project."""
    project_id = slip.project_id
    span = days_of_sheet(slip.sheet)
    mine = {"project_id": project_id, "worker_id": worker.pk}
    of_slip = {**mine, "sheet_id": slip.sheet_id}
    approval = None
    if slip.approval_number is not None:
        approval = (
            Approval.objects.filter(
                project_id=project_id, sheet_id=slip.sheet_id, number=slip.approval_number
            )
            .select_related("approved_by", "first_by")
            .first()
        )
    chain = Chain(
        slip=slip,
        worker=worker,
        passages=list(Passage.objects.filter(**mine, day__range=span).order_by("at")),
        attended=list(AttendanceDay.objects.filter(**mine, day__range=span).order_by("day")),
        gates=dict(Terminal.objects.filter(project_id=project_id).values_list("pk", "name")),
        corrections=list(
            DayCorrection.objects.filter(**mine, day__range=span, withdrawn_at__isnull=True)
            .select_related("made_by")
            .order_by("made_at")
        ),
        objections=list(Objection.objects.filter(**of_slip).select_related("answered_by").order_by("pk")),
        words=list(ProxyWord.objects.filter(**of_slip).defer("photo").select_related("clerk").order_by("at")),
        mediations=list(Mediation.objects.filter(**of_slip).defer("firm_drawing").order_by("pk")),
        approval=approval,
        lines=list(
            PaymentLine.objects.filter(**of_slip)
            .defer("card_number")
            .select_related("order__instructed_by", "order__account__bank")
            .defer("order__file", "card_number")
            .order_by("attempt")
        ),
        cash=list(
            CashPayment.objects.filter(**of_slip).defer("photo").select_related("clerk").order_by("at")
        ),
    )
    chain.entries.extend(_entries(chain))
    return chain


def _entries(chain: Chain) -> list[Entry]:
    """Evidence entries of everything in the chain; one query."""
    slip = chain.slip
    subjects = [
        records.slip_subject(slip),
        *(records.objection_subject(o) for o in chain.objections),
        *(confirming_records.proxy_subject(w) for w in chain.words),
        *(confirming_records.mediation_subject(m) for m in chain.mediations),
        *(records.order_subject(line.order) for line in chain.lines),
        *(records.line_subject(line) for line in chain.lines),
        *(confirming_records.cash_subject(c) for c in chain.cash),
        *(day_subject(slip.project_id, day.day) for day in chain.attended),
    ]
    if chain.approval is not None:
        subjects.append(records.approval_subject(chain.approval))
        if chain.approval.first_at is not None:
            subjects += [
                confirming_records.first_subject(first)
                for first in FirstApproval.objects.filter(
                    project_id=slip.project_id, sheet_id=slip.sheet_id, approved_at=chain.approval.first_at
                ).defer("slips")
            ]
    newest: dict[tuple[str, str], Entry] = {}
    times: dict[tuple[str, str], int] = defaultdict(int)
    for entry in Entry.objects.filter(project_id=slip.project_id, subject__in=subjects).order_by(
        "recorded_at", "pk"
    ):
        times[entry.kind, entry.subject] += 1
        newest[entry.kind, entry.subject] = entry
    return sorted(newest.values(), key=lambda e: (e.recorded_at, str(e.pk)))
