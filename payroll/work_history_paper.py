"""The work history as a paper that anybody can check: facts, and a QR code to the page that shows the same."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from wagewatch.lib.dates import site_date
from wagewatch.lib.money import format_cny
from wagewatch.lib.pdf import Paper


def history_paper(
    facts: Mapping[str, Any], address: str, digest: str, *, made_at: datetime, expires_at: datetime
) -> bytes:
    """The A4 pages as PDF. `facts` as payroll.work_history.shown gives them; `digest` is the SHA-256 that
    the evidence log holds."""
    until = site_date(expires_at).isoformat()
    paper = Paper(
        _("Work history"),
        at=made_at,
        foot=_("Compare with the page behind the code. Good until %(day)s.") % {"day": until},
    )
    paper.heading(_("Work history"), size=20)
    top = paper.get_y()
    paper.qr(address, width=34, x=paper.w - paper.r_margin - 34, y=top)
    paper.facts(
        [
            (_("Name"), str(facts["name"])),
            (_("ID number"), _("ending %(tail)s") % {"tail": facts["id_tail"]}),
            (_("Places"), "、".join(facts["regions"])),
            (_("Months confirmed by the worker"), str(facts["months_confirmed"])),
            (_("Months paid by the bank"), str(facts["months_paid"])),
            (_("Made on"), site_date(made_at).isoformat()),
        ],
        label_width=58,
    )
    paper.set_y(max(paper.get_y(), top + 37))
    if facts["with_pay"]:
        paper.paragraph(_("Paid to the worker's card: %(sum)s") % {"sum": format_cny(facts["paid_fen"])})
    paper.heading(_("Work"), size=12, align="L")
    heads = [_("From"), _("Till"), _("Project"), _("Employer"), _("Trade"), _("Days")]
    paper.grid(
        heads,
        [
            (
                one["since"],
                one["till"] or _("today"),
                f"{one['project']}\n{one['region']}",
                one["employer"],
                one["trade"],
                one["days"],
            )
            for one in facts["stints"]
        ],
        widths=[2.2, 2.2, 5, 4.6, 2.2, 1.4],
        aligns=["L", "L", "L", "L", "L", "R"],
    )
    if facts["trainings"]:
        paper.heading(_("Trainings"), size=12, align="L")
        paper.grid(
            [_("Day"), _("Training"), _("Project"), _("Minutes")],
            [
                (t["held_on"], f"{t['name']}（{t['kind']}）", t["project"], str(t["minutes"]))
                for t in facts["trainings"]
            ],
            widths=[2.2, 5, 6, 2],
            aligns=["L", "L", "L", "R"],
        )
    if facts["certificates"]:
        paper.heading(_("Certificates"), size=12, align="L")
        paper.grid(
            [_("Certificate"), _("Trade"), _("Issued by"), _("Number"), _("Valid until")],
            [
                (
                    f"{c['kind']} {c['grade']}".strip(),
                    c["trade"],
                    c["issuer"],
                    _("ending %(tail)s") % {"tail": c["number_tail"]},
                    c["expires_on"] or _("no end"),
                )
                for c in facts["certificates"]
            ],
            widths=[4, 2.4, 5, 2.6, 2.4],
        )
    paper.paragraph(
        _("Days are those counted by the gates. Digest of these facts in the evidence log: %(digest)s")
        % {"digest": digest},
        size=8,
    )
    return paper.done()
