"""Contract wordings: which fields a template may have, how it is filled, cut into blocks and masked."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from wagewatch.lib.errors import Malformed
from wagewatch.lib.identity import mask_id, mask_phone
from wagewatch.lib.names import mask_name

FIELDS: dict[str, object] = {
    "number": _("Number of the contract"),
    "employer": _("Employer"),
    "employer_code": _("The employer's unified social credit code"),
    "manager": _("Who is in charge at the employer"),
    "clerk": _("The employer's labour-wage clerk"),
    "worker": _("The worker's name"),
    "worker_sex": _("The worker's sex"),
    "worker_id": _("The worker's ID number"),
    "worker_phone": _("The worker's mobile number"),
    "worker_address": _("The worker's address"),
    "project": _("Project"),
    "place": _("Region and address of the site"),
    "general_contractor": _("General contractor"),
    "team": _("Team"),
    "trade": _("Trade"),
    "term": _("How long: fixed term, or until the work is done"),
    "rate": _("Wage rate and how it is counted"),
    "pay_day": _("Pay day"),
    "minimum_wage": pgettext_lazy("contract field", "Minimum wage of the place"),
}
"""What a template may ask for, with its meaning for whoever writes one."""

NEEDED = frozenset(
    ["employer", "worker", "worker_id", "term", "place", "trade", "rate", "pay_day"],
)
"""Without these it is no contract (Labour Contract Law, article 17; order 724, article 6)."""

PERSONAL = ("worker", "worker_id", "worker_phone", "worker_address")
"""Fields with the person's own data; their values are kept apart, encrypted."""

NOT_GIVEN = "—"
LONGEST = 20_000
_FIELD = re.compile(r"\{([^{}]*)\}")


def check_template(body: str) -> None:
    """Refuse a wording that cannot become a contract.

    Raises Malformed `template.empty`, `template.too_long`, `template.brace` (a brace without its partner),
    `template.unknown_field`, `template.missing_field`.
    """
    if not body.strip():
        raise Malformed("template.empty", _("Write the text of the contract."))
    if len(body) > LONGEST:
        text = _("The text is longer than %(limit)s characters. Shorten it.")
        raise Malformed("template.too_long", text, limit=LONGEST)
    used = {name.strip() for name in _FIELD.findall(body)}
    if re.search(r"[{}]", _FIELD.sub("", body)):
        text = _("A brace stands alone. A field is written like {rate}.")
        raise Malformed("template.brace", text)
    if unknown := sorted(used - set(FIELDS)):
        text = _("There is no field %(names)s. Choose from the list beside the text.")
        raise Malformed("template.unknown_field", text, names="、".join(f"{{{n}}}" for n in unknown))
    if missing := sorted(NEEDED - used):
        text = _("The law asks for these fields: %(names)s. Put them into the text.")
        raise Malformed("template.missing_field", text, names="、".join(f"{{{n}}}" for n in missing))


def fill(body: str, values: Mapping[str, str]) -> str:
    """The wording with its fields filled in; a field without a value shows a dash."""
    return _FIELD.sub(lambda found: values.get(found[1].strip(), "") or NOT_GIVEN, body).strip()


def digest(text: str) -> bytes:
    """SHA-256 of a contract's text as both sides saw it."""
    return hashlib.sha256(text.encode()).digest()


@dataclass(frozen=True)
class Block:
    """A paragraph of a contract, or the heading of a part."""

    kind: Literal["heading", "paragraph"]
    text: str


def blocks(text: str) -> list[Block]:
    """Paragraphs are separated by empty lines; one that begins with "# " is a heading."""
    found = (part.strip() for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n")))
    return [
        Block("heading", part[2:].strip()) if part.startswith("# ") else Block("paragraph", part)
        for part in found
        if part
    ]


def masked(text: str, particulars: Mapping[str, str]) -> str:
    """The same text with the person's own data masked, for everybody but the person."""
    masks = {
        "worker": mask_name,
        "worker_id": mask_id,
        "worker_phone": mask_phone,
        "worker_address": lambda address: f"{address[:3]}****",
    }
    for name in sorted(masks, key=lambda n: -len(particulars.get(n, ""))):
        if value := particulars.get(name, ""):
            text = text.replace(value, masks[name](value))
    return text
