"""The component sheet: every component once, with invented names, beside which each page must stand."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wagewatch import charts
from wagewatch.context import NAVIGATION, NavItem


class SpecimenForm(forms.Form):
    """A form with two mistakes in it."""

    pay_day = forms.IntegerField(
        label=gettext_lazy("Pay day of each month"),
        help_text=gettext_lazy("For example 15. The system moves it earlier over rest days."),
        min_value=1,
        max_value=28,
        error_messages={"max_value": gettext_lazy("write a number from 1 to 28")},
    )
    clerk = forms.CharField(label=gettext_lazy("Labour clerk"))
    phone = forms.CharField(
        label=gettext_lazy("Phone"),
        help_text=gettext_lazy("A number that workers can reach"),
        min_length=11,
        error_messages={"min_length": gettext_lazy("8 digits are missing, 11 are needed")},
    )
    verdict = forms.ChoiceField(
        label=gettext_lazy("Result of the check"),
        choices=[("true", gettext_lazy("It is true")), ("false", gettext_lazy("It is not true"))],
        widget=forms.RadioSelect,
    )
    told = forms.BooleanField(label=gettext_lazy("The workers have been told"), required=False)
    note = forms.CharField(
        label=gettext_lazy("Grounds"), widget=forms.Textarea(attrs={"rows": 3}), required=False
    )
    file = forms.FileField(label=gettext_lazy("Attachment"), required=False)


OK = ["ok"] * 8


def context(audience: str = "inspector") -> dict[str, Any]:
    """Everything the sheet shows."""
    october = dt.date(2026, 10, 1)
    cells: list[dict[str, Any]] = [{} for _blank in range(3)]
    cells += [{"day": n, "on": n >= 8 and n not in (11, 18, 25), "half": n == 14} for n in range(1, 32)]
    months = ("11", "12", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10")
    unpaid = (318, 402, 655, 288, 276, 261, 252, 244, 219, 196, 171, 313)
    return {
        "nav_items": [
            NavItem(
                key,
                label,
                icon,
                "#",
                key in {"alarms", "pay"},
                {"projects": 214, "alarms": 32, "cases": 9}.get(key),
            )
            for key, label, icon, _names in NAVIGATION[audience]
        ],
        "nav_scope": {"label": _("Region"), "name": "金华市", "note": _("9 counties")},
        "signed_in": {"name": "李敏", "role": _("Inspector"), "place": "金华市劳动保障监察支队"},
        "form": SpecimenForm(
            {"pay_day": "31", "clerk": "赵春燕", "phone": "138", "verdict": "true", "told": "on", "note": ""}
        ),
        "chain_done": OK,
        "chain_wait": [*OK[:3], "yellow"],
        "chain_back": [*OK[:6], "red"],
        "bar_parts": [("a", 151, _("Confirmed")), ("x", 3, _("Objected")), ("", 14, _("Not confirmed"))],
        "stats": [
            {"label": _("Overdue wages"), "figure": "¥3,128,640.00", "note": _("9 projects")},
            {
                "label": _("People without pay"),
                "figure": 518,
                "unit": _("people"),
                "note": _("186 for over 60 days"),
            },
            {
                "label": _("Closed by data this week"),
                "figure": 11,
                "unit": _("cases"),
                "note": _("2.6 working days each"),
            },
            {"label": _("October on time"), "figure": "96.8", "unit": "%", "note": "15,676 / 16,194"},
        ],
        "lead": {
            "level": "red",
            "deadline": _("Check before 17:30 today"),
            "title": "东阳·横溪中学迁建",
            "url": "#",
            "why": _("August wages 63 days overdue, not one of 186 people paid. No payment order was given."),
            "amount_fen": 128640000,
            "people": 186,
            "stages": [*OK[:5], "red"],
            "words": _("No order given"),
            "verb": _("Check"),
            "reason_url": "#",
        },
        "tabs": [
            {"url": "#", "label": _("By deadline"), "count": 29, "current": True},
            {"url": "#", "label": _("Mine"), "count": 4},
            {"url": "#", "label": _("Red"), "count": 0},
        ],
        "step_names": [_("Choose file"), _("Check columns"), _("Check rows"), _("Finished")],
        "across": [
            {"state": "ok", "words": "10-08"},
            {"state": "ok", "words": "11-01"},
            {"state": "ok", "words": "11-03"},
            {"state": "ok", "words": "11-06 19:47"},
            {"state": "ok", "words": "11-10 10:26"},
            {"state": "ok", "words": "11-11 09:30"},
            {"state": "bad", "words": _("returned on 11-12")},
            {"state": "wait", "words": _("waits for the credit")},
        ],
        "rail": [
            {
                "number": 5,
                "state": "ok",
                "time": "11-10 10:26",
                "fact": _("168 people, ¥1,209,336.00. All 7 checks passed."),
                "hand": "赵春燕、郑伟",
                "evidence": "#4,415,207",
            },
            {
                "number": 7,
                "state": "bad",
                "badge": _("Returned"),
                "time": "11-12 09:06",
                "fact": _("The money did not reach the card of Sun**; it is back in the special account."),
                "more": _("The bank says: account number and name do not match (AC01)."),
                "hand": "婺江银行金华分行",
                "evidence": "#4,419,338",
                "hash": "71d2 c4aa … 0be9 66f0",
            },
            {
                "number": 8,
                "state": "wait",
                "badge": _("waits for the credit"),
                "fact": _("The last entry follows the credit."),
            },
        ],
        "events": [
            {
                "kind": "next",
                "time": "11-17 17:30",
                "strong": _("Check is due"),
                "note": _("then it is escalated"),
            },
            {
                "kind": "red",
                "time": "11-15 00:10",
                "strong": _("Raised to red"),
                "text": "",
                "note": _("2 months"),
            },
            {"time": "10-28 15:20", "text": _("Chen Li spoke with the contractor"), "note": ""},
            {
                "kind": "yellow",
                "time": "09-15 23:59",
                "strong": _("Alarm, yellow"),
                "note": _("0 people paid"),
            },
        ],
        "parties": [
            {"role": _("Project owner"), "name": "东阳横溪教育投资有限公司", "figure": "¥900,000.00"},
            {
                "role": _("Special account"),
                "name": "婺江银行东阳支行",
                "figure": "¥213,507.66",
                "link": _("last on 08-21"),
                "link_kind": "part",
                "link_level": "orange",
                "link_strong": _("Orange: only 45% allocated. "),
            },
            {
                "role": _("General contractor"),
                "name": "浙江砚山建工有限公司",
                "figure": _("pays first"),
                "at": True,
                "link": _("no payment order since the approval on 09-11"),
                "link_kind": "cut",
                "link_level": "red",
                "link_strong": _("Red: it breaks here. "),
            },
        ],
        "teams": [
            {"name": "钢筋班", "note": _("%(number)d people") % {"number": 62}, "figure": "¥428,400.00"},
            {"name": "木工班", "note": _("%(number)d people") % {"number": 71}, "figure": "¥505,200.00"},
            {"name": "泥工班", "note": _("%(number)d people") % {"number": 53}, "figure": "¥352,800.00"},
        ],
        "tiles": [
            {
                "name": "兰溪市",
                "url": "#",
                "row": 1,
                "column": 1,
                "shade": 0,
                "amount_fen": 9600000,
                "orange": 1,
            },
            {
                "name": "浦江县",
                "url": "#",
                "row": 1,
                "column": 2,
                "shade": 0,
                "amount_fen": 2900000,
                "yellow": 1,
            },
            {
                "name": "义乌市",
                "url": "#",
                "row": 1,
                "column": 3,
                "shade": 1,
                "amount_fen": 31500000,
                "red": 1,
            },
            {
                "name": "婺城区",
                "url": "#",
                "row": 2,
                "column": 1,
                "shade": 0,
                "amount_fen": 14200000,
                "yellow": 3,
            },
            {
                "name": "金东区",
                "url": "#",
                "row": 2,
                "column": 2,
                "shade": 1,
                "amount_fen": 46800000,
                "orange": 2,
            },
            {
                "name": "东阳市",
                "url": "#",
                "row": 2,
                "column": 3,
                "shade": 3,
                "amount_fen": 128600000,
                "red": 1,
            },
            {"name": "磐安县", "url": "#", "row": 2, "column": 4, "shade": 0, "amount_fen": 0},
            {
                "name": "永康市",
                "url": "#",
                "row": 3,
                "column": 3,
                "shade": 2,
                "amount_fen": 74200000,
                "orange": 2,
            },
        ],
        "chart": charts.bars(list(zip(months, unpaid, strict=True)), label=_("Unpaid by month"), now=11),
        "chart_rows": list(zip(months, unpaid, strict=True)),
        "level_line": charts.levels(
            [("yellow", "09-15", 0.0), ("orange", "10-15", 0.31), ("red", "11-15", 0.63)],
            today=0.66,
            today_text="11-17",
            label=_("Yellow from 09-15, orange from 10-15, red from 11-15"),
        ),
        "facts": [(_("Paid from"), "工资专户 尾号 0968"), (_("Paid to"), _("168 people's own cards"))],
        "cells": cells,
        "month": october,
        "now": dt.datetime(2026, 11, 15, 1, 5, tzinfo=dt.UTC),
        "purposes": [("check", _("Checking a complaint")), ("bank", _("Correcting a returned payment"))],
        "next_steps": [
            {"text": _("You said: came on 18 October"), "note": "+¥320.00", "done": True},
            {"text": _("The subcontractor answers"), "note": "11-09"},
            {"text": _("Cleared up, wages are paid"), "note": "11-13"},
        ],
    }
