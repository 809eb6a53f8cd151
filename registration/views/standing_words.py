"""Standings as pages show them: a level, a few words, and whole sentences."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from registration.rules.entry import DENY, Finding
from registration.services.entry import Standing

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
