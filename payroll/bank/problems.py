"""What can be wrong with a bank file, each with a stable code and a message that says what to do.

The messages stay lazy: a process without Django settings (the simulator) can use everything here as long
as it shows only the code.
"""

from django.utils.translation import gettext_lazy as _

from wagewatch.lib.errors import Malformed

MESSAGES = {
    "bank.not_xml": _("This is not a readable bank file. Ask the bank to send it again."),
    "bank.forbidden_xml": _("The bank file contains a document type or entities, which are not accepted."),
    "bank.too_large": _("The bank file is too large. Ask the bank to split it."),
    "bank.wrong_message": _("This is another kind of bank message than was expected here."),
    "bank.missing": _("The bank file lacks a required field (%(where)s). Ask the bank to correct it."),
    "bank.amount": _("An amount in the bank file is not a valid sum in yuan and fen (%(where)s)."),
    "bank.date": _("A date in the bank file is not valid (%(where)s)."),
    "bank.direction": _("An entry in the bank file says neither debit nor credit."),
    "bank.text": _(
        "A text for the bank is empty, too long or has characters that the bank cannot read (%(where)s)."
    ),
    "bank.no_lines": _("A payment order needs at least one payment."),
    "bank.too_many_lines": _("The order has more payments than the bank takes in one file. Split it."),
    "bank.duplicate_id": _("Two payments in one order carry the same reference."),
    "bank.version": _("This message version is not supported. Correct the bank's profile."),
    "bank.schema": _(
        "The bank file breaks the schema %(version)s. Line %(line)s, element %(element)s: %(why)s. Nothing was booked. "
        "Ask the bank to correct it, or let its officer allow such files in the bank's terms and read it again."
    ),
    "bank.not_table": _(
        "This is not a readable table. Upload the bank's result file as .xlsx, .csv or .txt."
    ),
    "bank.currency": _(
        "The bank file is about %(currency)s, but this account is kept in %(expected)s. Nothing was booked."
    ),
    "bank.other_bank": _(
        "This file came over another bank's connection than the account's own. Nothing was booked. Ask both banks."
    ),
    "bank.account": _("A card or account number for the bank is not valid (%(where)s)."),
}


def malformed(code: str, **facts: object) -> Malformed:
    """The error for a code of the table; facts name the element (`where`) and never personal data."""
    return Malformed(code, MESSAGES[code], **facts)
