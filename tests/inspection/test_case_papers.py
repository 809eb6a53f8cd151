"""The documents of a case: every template gives a PDF, the same for the same, with nobody's name but the party's."""

from datetime import UTC, datetime

from inspection.cases.papers import TEMPLATES, paper_pdf
from tests.payroll.stage import signature

AT = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
VALUES = {"case": "AJ330703-2026-010001", "respondent": "金华沐川建筑劳务有限公司", "topic": "工资未支付"}


def made(kind: str) -> bytes:
    return paper_pdf(
        kind,
        "人社监令〔2026〕330703-1-1号",
        VALUES,
        office="金东区人力社保局",
        day="2026-11-16",
        at=AT,
        signatures=[("单位代表", signature()), ("工人代表", signature())] if kind == "mediation" else (),
    )


def test_every_template_makes_a_document() -> None:
    for kind in TEMPLATES:
        data = made(kind)
        assert data.startswith(b"%PDF"), kind
        assert 5_000 < len(data) < 400_000, kind


def test_the_same_case_and_moment_give_the_same_bytes() -> None:
    assert made("order") == made("order")


def test_what_goes_to_a_firm_never_names_who_complained() -> None:
    for kind in ("order", "service", "notice", "decision", "referral"):
        template = TEMPLATES[kind]
        assert "complaint" not in template.to + "".join(template.paragraphs)
