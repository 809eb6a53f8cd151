"""Standings as pages show them: a level, a few words, and whole sentences."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import messages
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from registration.http import ActorRequest
from registration.models import Posting
from registration.rules.entry import DENY, Finding
from registration.services.entry import Standing, standing_of
from wagewatch.lib.dates import site_date
from wagewatch.lib.identity import mask_name

MAY, MAY_NOT = _("may enter"), _("may not enter")


def shown_findings(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Findings for `registration/findings.html`."""
    return [
        {
            "denies": finding.level == DENY,
            "short": finding.short,
            "message": finding.message,
            "source": finding.source,
            "code": finding.code,
        }
        for finding in findings
    ]


def say_standing(request: ActorRequest, posting: Posting, name: str) -> None:
    """After somebody was registered: what still keeps them out at the gate, so that nobody learns of it there."""
    standing = standing_of(posting, on=max(posting.joined_on, site_date(timezone.now())))
    if standing.may_enter:
        return
    text = gettext("The gates do not let %(name)s in yet: %(why)s.")
    why = gettext(", ").join(str(finding.short) for finding in standing.denials)
    messages.warning(request, text % {"name": mask_name(name), "why": why})


def shown(standing: Standing | None) -> dict[str, Any]:
    """One standing for `registration/standing.html`; nothing to say about who has left."""
    if standing is None:
        return {}
    words: Sequence[Finding] = standing.denials or standing.warnings
    return {
        "level": standing.level,
        "label": MAY if standing.may_enter else MAY_NOT,
        "words": gettext(", ").join(str(finding.short) for finding in words),
        "findings": shown_findings(standing.findings),
    }
