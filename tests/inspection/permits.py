"""What the tests of permit readiness put on stage: a project that is ready but for what a test takes away."""

from datetime import date

from inspection.models import PermitKey
from inspection.services.permits import make_key
from payroll.models import SubLedger
from registration.models import Authority, Parameter, Participation
from registration.services import parameters
from tests.cast import Cast
from tests.payroll import stage as payroll
from tests.payroll.deposit_papers import lodge_cash
from tests.payroll.guarantee_papers import give_guarantee
from tests.registration import contracts


def ask_for_social(region: str) -> None:
    """From the first day of the Regulation the region asks for Nanjing's pre-deposit."""
    Parameter.objects.create(
        key="permit.social_rates",
        region_id=region,
        value={"labour_percent": "2", "construction_permille": "3"},
        valid_from=date(2020, 5, 1),
        source="test",
    )
    parameters.forget()


def ask_for_guarantee() -> None:
    """The country asks for the owner's payment guarantee."""
    Parameter.objects.create(
        key="guarantee.asked_since", value="2020-05-01", valid_from=date(2020, 5, 1), source="test"
    )
    parameters.forget()


def bring_in_order(cast: Cast) -> SubLedger:
    """Account filed, deposit lodged, payment guaranteed, clerk and subcontract on record, a contract for everybody."""
    contracts.set_stage()
    ledger = payroll.account(cast)
    ledger.filed_on, ledger.filing_number = date(2026, 4, 1), "金人社备〔2026〕7号"
    ledger.save()
    lodge_cash(cast)
    ask_for_guarantee()
    give_guarantee(cast)
    Participation.objects.filter(pk=cast.gc_part.pk).update(clerk=cast.zhao)
    Participation.objects.filter(pk=cast.sc_part.pk).update(contract_signed_on=date(2026, 3, 10))
    for posting in (cast.sun_posting, cast.zhou_posting):
        contracts.in_force(cast, posting)
    return ledger


def housing_key(cast: Cast, region: str = "330703") -> tuple[PermitKey, str]:
    """Li hands the housing office of her county (or another) a key."""
    office = Authority.objects.create(
        name="金东区住房和城乡建设局", kind=Authority.Kind.HOUSING, region_id=region
    )
    return make_key(office.pk, "施工许可系统", actor=cast.actor(cast.li), now=cast.now)
