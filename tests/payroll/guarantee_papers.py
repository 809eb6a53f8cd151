"""The cast's owner gives a guarantee of the payment, which ends before its day."""

from datetime import date, timedelta

from payroll.models import PaymentGuarantee
from payroll.services.guarantees import GuaranteeFacts, end_guarantee, enter_guarantee
from tests.cast import Cast
from tests.payroll.deposit_papers import deposit_scan

AMOUNT = 1_860_000_000
"""10 % of the cast's contract sum of 186 million yuan."""
PAPER = GuaranteeFacts("bank", "金华商贸银行", "BH-2026-0312", AMOUNT, date(2026, 3, 12), date(2027, 12, 31))


def give_guarantee(cast: Cast, facts: GuaranteeFacts = PAPER) -> PaymentGuarantee:
    """The owner's clerk Ye enters the paper."""
    return enter_guarantee(
        cast.project.pk, facts, scan=deposit_scan(), actor=cast.actor(cast.ye), now=cast.now
    )


def end_early(cast: Cast, number: int = 1) -> PaymentGuarantee:
    """Clerk Zhao records that it ended yesterday."""
    return end_guarantee(
        cast.project.pk,
        number,
        ended_on=cast.today - timedelta(days=1),
        reason="银行提前解除保函",
        actor=cast.actor(cast.zhao),
        now=cast.now,
    )
