"""PDF documents: Chinese text, tables over pages, the same bytes for the same content."""

from datetime import UTC, datetime

from wagewatch.lib.pdf import Paper

AT = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)


def _paper() -> Paper:
    paper = Paper("劳动合同", at=AT, foot="合同编号 2026-001")
    paper.heading("建筑工人简易劳动合同")
    paper.facts([("甲方", "浙江岑岭建设有限公司"), ("乙方", "买买提·吐尔逊")])
    paper.paragraph("每日工资 ¥360.00，每月 15 日支付。")
    paper.grid(
        ["姓名", "金额"], [[f"工人 {n}", "¥6,480.00"] for n in range(80)], widths=[3, 1], aligns=["L", "R"]
    )
    paper.qr("https://example.org/verify/1")
    return paper


def test_long_tables_run_over_pages() -> None:
    paper = _paper()
    assert paper.pages_count == 3
    assert paper.done().startswith(b"%PDF-")


def test_same_content_gives_same_bytes() -> None:
    assert _paper().done() == _paper().done()
