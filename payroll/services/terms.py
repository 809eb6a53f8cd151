"""Terms of banks: the profile that holds on a day, and changing it from a day on."""

from dataclasses import replace
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from payroll.bank.profiles import DEMO_BANK, PAIN001, BankProfile
from payroll.bank.shapes import batch_shape, pairs, result_shape
from payroll.models import BankTerms
from registration.actors import Actor
from registration.models import Organisation
from wagewatch.lib.dates import site_date
from wagewatch.lib.errors import NotPermitted, RuleViolation


def terms_of(bank: Organisation, on: date) -> BankTerms | None:
    """The newest row valid on a day."""
    return BankTerms.objects.filter(bank=bank, valid_from__lte=on).order_by("-valid_from").first()


def profile_of(bank: Organisation, on: date) -> BankProfile:
    """The bank's profile on a day; a bank without terms is spoken to in pain.001 without limits."""
    base = replace(
        DEMO_BANK,
        code=bank.uscc,
        bank_name=bank.name,
        clearing_code=bank.bank_code or DEMO_BANK.clearing_code,
    )
    terms = terms_of(bank, on)
    return base if terms is None else read_terms(terms, base)


def read_terms(terms: BankTerms, base: BankProfile = DEMO_BANK) -> BankProfile:
    """A row as a profile. Raises Malformed for texts that are no columns."""
    profile = replace(
        base,
        form=terms.form,
        by_hand=terms.by_hand,
        cut_off=terms.cut_off,
        line_limit=terms.line_limit,
        line_ceiling_fen=terms.line_ceiling_fen,
        file_ceiling_fen=terms.file_ceiling_fen,
        working_days_only=terms.working_days_only,
        route=terms.route,
        answer_hours=terms.answer_hours,
        currency=terms.currency,
        strict_schema=terms.strict_schema,
        sif_employer=terms.sif_employer,
        sif_routing=terms.sif_routing,
        texts=pairs(terms.result_texts, "result_texts"),
    )
    if terms.form == PAIN001:
        return profile
    return replace(
        profile,
        shape=batch_shape(
            terms.form, terms.columns, terms.encoding, terms.separator, headings=terms.headings
        ),
        result=result_shape(
            terms.result_columns, terms.result_states, terms.result_texts, terms.encoding, terms.separator
        ),
    )


@transaction.atomic
def save_terms(draft: BankTerms, *, actor: Actor, now: datetime) -> BankTerms:
    """Write terms that hold from their day on; those of the same day are replaced, earlier ones stay.

    Raises NotPermitted unless the actor is the bank's officer, Malformed for texts that are no columns,
    RuleViolation `terms.past` for a day before today, `terms.employer` for half a salary-file address.
    """
    if actor.kind != "system" and not any(
        d.role == "bank_officer" and d.organisation_id == draft.bank_id for d in actor.duties
    ):
        raise NotPermitted("bank.terms", _("Only the bank's own officer changes its terms."))
    if draft.valid_from < site_date(now):
        raise RuleViolation(
            "terms.past", _("Terms cannot change for days that have passed. Choose today or later.")
        )
    if bool(draft.sif_employer) != bool(draft.sif_routing):
        raise RuleViolation(
            "terms.employer", _("The salary file needs both numbers, employer and routing, or neither.")
        )
    if draft.form != PAIN001 and not draft.result_states.strip():
        raise RuleViolation("terms.states", _("Write which of the bank's words mean paid and refused."))
    # A table names no order by itself: a person says which one it answers.
    draft.by_hand = draft.by_hand or draft.form != PAIN001
    read_terms(draft)
    # Terms of one bank are written one after the other.
    Organisation.objects.select_for_update(no_key=True).get(pk=draft.bank_id)
    earlier = BankTerms.objects.filter(bank=draft.bank_id, valid_from=draft.valid_from).first()
    draft.pk = earlier.pk if earlier else None
    draft.made_by_id, draft.made_at = (actor.id if actor.kind == "user" else None), now
    draft.save()
    return draft


def learn_text(bank: Organisation, text: str, code: str, *, actor: Actor, now: datetime) -> BankTerms | None:
    """Add a bank's wording to its terms from today on; None for a bank without terms of its own."""
    today = site_date(now)
    terms = terms_of(bank, today)
    wording = " ".join(text.split()).replace("=", " ")[:100]
    if terms is None or not wording:
        return None
    known = pairs(terms.result_texts, "result_texts")
    lines = [f"{left} = {right}" for left, right in known if left != wording]
    terms.result_texts = "\n".join([*lines, f"{wording} = {code}"])
    terms.valid_from = today
    return save_terms(terms, actor=actor, now=now)


def terms_rows(bank: Organisation) -> list[BankTerms]:
    """A bank's terms, newest first, those of later days included."""
    return list(BankTerms.objects.filter(bank=bank).select_related("made_by").order_by("-valid_from")[:50])
