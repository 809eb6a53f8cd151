"""What a page about one contract shows on either side: facts, masked text, what happened, signatures."""

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from registration.models import (
    ContractSignature,
    LabourContract,
    PayBasis,
    PieceUnit,
    Posting,
    Project,
    TabletVisit,
)
from registration.rules.contract_text import Block, blocks, masked
from registration.services.contract_documents import signed_entry
from registration.services.contract_facts import EFFECTIVE, UNDER_WAY, latest_contracts, limits_of, place_of
from registration.services.contract_offers import (
    changed_terms,
    full_postings,
    kept_particulars,
    particulars_of,
    text_of,
)
from wagewatch.lib.money import format_cny
from wagewatch.templatetags.ww import moment

State = LabourContract.State
BADGES: dict[str, tuple[str, str]] = {
    State.DRAFT: ("", "pen"),
    State.OFFERED: ("line", "clock"),
    State.SIGNED: ("line", "pen"),
    State.IN_FORCE: ("done", "check"),
    State.REFUSED: ("stop", "cross"),
    State.WITHDRAWN: ("", ""),
    State.RENEWED: ("", ""),
    State.TERMINATED: ("", ""),
    State.ENDED: ("", ""),
}
"""State → kind of badge and icon."""

HAPPENED: dict[str, Any] = {
    "drafted": _("Drafted"),
    "offered": _("Sent to the worker"),
    "signed by the worker": _("Signed by the worker"),
    "refused by the worker": _("Refused by the worker"),
    "signed by the employer": _("Signed by the employer, in force"),
    "document": _("PDF made and kept"),
    "paper": _("Paper contract put on record"),
    "withdrawn": _("Withdrawn"),
    "renewed": _("Renewed"),
    "terminated": _("Terminated"),
    "expired": pgettext_lazy("contract", "Ended"),
}
TERMS: dict[str, Any] = {
    "employer": _("Employer"),
    "trade": _("Trade"),
    "team": _("Team"),
    "pay_basis": _("How wages are counted"),
    "piece_unit": _("Unit of a piece"),
    "rate_fen": _("Rate"),
    "pay_day": _("Pay day"),
}


def rate_words(terms: Mapping[str, Any]) -> str:
    """¥340.00, by the day."""
    basis = PayBasis(terms["pay_basis"])
    unit = terms.get("piece_unit")
    per = PieceUnit(unit).label if basis == PayBasis.PIECE and unit else basis.label
    return str(_("%(rate)s, %(per)s")) % {"rate": format_cny(int(terms["rate_fen"])), "per": per}


def term_words(contract: LabourContract) -> str:
    """2026-08-03 to 2027-08-02, or from a day until the work is done."""
    if contract.ends_on is None:
        return str(_("from %(day)s until the work is done")) % {"day": contract.starts_on.isoformat()}
    return str(_("%(first)s to %(last)s")) % {
        "first": contract.starts_on.isoformat(),
        "last": contract.ends_on.isoformat(),
    }


def contract_row(contract: LabourContract) -> dict[str, Any]:
    """A contract as a line of a table."""
    kind, icon = BADGES[contract.state]
    return {
        "contract": contract,
        "rate": rate_words(contract.terms),
        "term": term_words(contract),
        "badge": kind,
        "icon": icon,
    }


def person_contracts(project: Project, postings: Iterable[Posting]) -> dict[str, Any]:
    """A person's contracts on a project for their page, and whether one is in force or on the way."""
    found = latest_contracts(project.pk, [p.pk for p in postings])
    rows = [c for contracts in found.values() for c in contracts]
    return {
        "contracts": [contract_row(c) for c in rows],
        "has_contract": any(c.state in (*UNDER_WAY, State.IN_FORCE) for c in rows),
    }


def text_blocks(contract: LabourContract, posting: Posting, *, in_full: bool = False) -> list[Block]:
    """The frozen text, or a draft's as it would be now; the person's own data masked unless `in_full`."""
    text, own = contract.text, kept_particulars(contract)
    if text is None and contract.form == LabourContract.Form.ELECTRONIC:
        today = contract.starts_on
        limits = limits_of(contract.project.region_id, on=today)
        text = text_of(contract, posting, place_of(contract.project), wage_fen=limits.month_wage_fen)
        own = particulars_of(posting)
    return blocks(text or "" if in_full else masked(text or "", own))


def contract_page(contract: LabourContract, *, today: datetime.date) -> dict[str, Any]:
    """The context of a contract's page. `project__region` and `participation__organisation` are loaded."""
    posting = full_postings(contract.project, [contract.posting_id])[contract.posting_id]
    kind, icon = BADGES[contract.state]
    signatures = list(
        ContractSignature.objects.select_related("visit")
        .filter(project=contract.project_id, contract=contract.pk)
        .order_by("at")
    )
    entry = signed_entry(contract)
    alive = contract.state in (State.DRAFT, State.OFFERED, State.SIGNED, State.IN_FORCE)
    changed = changed_terms(contract, posting, place_of(contract.project)) if alive else []
    return {
        "contract": contract,
        "project": contract.project,
        "posting": posting,
        "title": contract.template.title if contract.template else contract.get_kind_display(),
        "badge": kind,
        "badge_icon": icon,
        "rate": rate_words(contract.terms),
        "pay_day": contract.terms.get("pay_day"),
        "term": term_words(contract),
        "blocks": text_blocks(contract, posting),
        "events": _events(contract),
        "signatures": [
            {
                "who": s.get_party_display(),
                "at": s.at,
                "how": _how(s),
                "drawn": bool(s.drawing),
                "name": s.signer if s.party == ContractSignature.Party.EMPLOYER else "",
            }
            for s in signatures
        ],
        "entry": entry,
        "changed": [TERMS[name] for name in changed],
        "has_file": contract.document_id is not None or contract.state in EFFECTIVE,
        "over": contract.ends_on is not None and contract.ends_on < today,
    }


def _how(signature: ContractSignature) -> str:
    """What proved who signed, in a few words."""
    if signature.by_code:
        return str(_("code by text message"))
    if signature.visit is None:
        return str(_("signed in, password typed again"))
    if signature.visit.way == TabletVisit.Way.CARD:
        return str(_("at the site's tablet, by ID card"))
    return str(_("at the site's tablet, by ID number and the clerk's code"))


def _events(contract: LabourContract) -> list[dict[str, Any]]:
    rows = (
        LabourContract.history.filter(id=contract.pk, project_id=contract.project_id)
        .order_by("-history_date", "-history_id")
        .values_list("history_date", "history_change_reason", "history_user__name")
    )
    found = []
    for at, reason, who in rows[:50]:
        note = ""
        if reason in {"refused by the worker", "terminated", "withdrawn", "expired"}:
            note = contract.end_reason
        found.append(
            {
                "time": moment(at),
                "strong": HAPPENED.get(reason or "", reason),
                "text": "",
                "note": note or who,
            }
        )
    return found
