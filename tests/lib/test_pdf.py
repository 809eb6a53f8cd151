"""PDF documents: Chinese text, tables over pages, the same bytes for the same content."""

from datetime import UTC, datetime

from wagewatch.lib.pdf import Paper, wrap

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


def test_lines_break_as_chinese_does() -> None:
    def width(text: str) -> float:
        return sum(1.0 if ord(c) > 0x2E80 or c in "“”‘’—…" else 0.5 for c in text)

    assert wrap("自 2026 年起，每日 360.00 元。", 6, width) == ["自 2026 年", "起，每日", "360.00 元。"]
    assert wrap("甲方支付工资。", 6, width) == ["甲方支付工", "资。"]  # no full stop alone
    assert wrap("乙方在“多湖”项目", 4, width) == ["乙方在", "“多湖”", "项目"]  # no opening mark at the end
    assert wrap("一\n\n二", 4, width) == ["一", "", "二"]
    assert wrap("", 4, width) == [""]
    assert wrap("abcdefghij", 3, width) == ["abcdefghij"]
    long = "本合同未尽事宜，按国家和（工程所在地）的规定执行。" * 8
    lines = wrap(long, 11, width)
    assert "".join(lines) == long
    assert all(width(line) <= 11 for line in lines)
    assert not any(line[0] in "。，）" or line[-1] == "（" for line in lines)
