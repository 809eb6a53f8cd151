"""Names of offices for readers of English: made of the place and the kind of office, since only Chinese is on record."""

from django.utils.translation import get_language, gettext

from registration.models import Authority
from registration.services.parameters import region_labels

INSPECTION = "监察"
"""In the name of an office that inspects labour, as against the bureau above it."""


def office_name(office: Authority) -> str:
    """The name on record, or in English for example "Jindong labour inspection"; no query once regions are known."""
    return name_of_office(office.name, office.kind, office.region_id)


def name_of_office(name: str, kind: str, region_code: str) -> str:
    """The same of plain values; a kind that is not known leaves the name as it is."""
    if (get_language() or "zh").startswith("zh"):
        return name
    words: dict[str, str] = {
        Authority.Kind.LABOUR: gettext("%(place)s labour inspection")
        if INSPECTION in name
        else gettext("%(place)s labour office"),
        Authority.Kind.HOUSING: gettext("%(place)s housing office"),
        Authority.Kind.TRANSPORT: gettext("%(place)s transport office"),
        Authority.Kind.WATER: gettext("%(place)s water office"),
        Authority.Kind.CENTRAL_BANK: gettext("%(place)s branch of the central bank"),
    }
    if kind not in words:
        return name
    return words[kind] % {"place": region_labels().get(region_code, region_code)}
