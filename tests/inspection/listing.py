"""What the tests of the list put on stage: a notice to Qian's firm by Li, and a firm that owes enough."""

from datetime import date

from inspection.models import Listing
from inspection.services.listing import give_notice
from payroll.models import PaySheet
from tests.cast import Cast
from tests.inspection.stage import sent_sheet

ORDER = {
    "responsible": "沈总",
    "order_document": "金人社监令〔2026〕9号",
    "order_due_on": date(2026, 11, 2),
    "reason": "责令限期支付期满仍未支付",
}


def notice(cast: Cast, **changes: object) -> Listing:
    """Notice to the subcontractor after a mass incident, unless told otherwise."""
    facts: dict[str, object] = {"ground": "mass"} | ORDER | changes
    return give_notice(cast.sc.pk, **facts, actor=cast.actor(cast.li), now=cast.now)  # type: ignore[arg-type]


def three_months(cast: Cast, fen: int = 200_000) -> list[PaySheet]:
    """Sun has not been paid for three months whose pay days are over."""
    return [
        sent_sheet(
            cast.sc_part, [(cast.sun_posting, fen)], month=date(2026, n, 1), due_on=date(2026, n + 1, 14)
        )
        for n in (7, 8, 9)
    ]
