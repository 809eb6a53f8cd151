"""The bank's one page for a person: accounts, orders and messages, without anything personal."""

from datetime import datetime
from decimal import Decimal
from html import escape

from payroll.bank.simulator.bank import Bank
from payroll.bank.xmlread import CHINA

_WORDS = {
    "zh": {
        "lang": "zh-Hans",
        "title": "模拟银行",
        "note": "本页为演示用银行，不涉及真实资金。",
        "other": '<a href="/?lang=en">English</a>',
        "accounts": "工资专用账户",
        "account": "账号",
        "name": "户名",
        "balance": "余额（元）",
        "available": "可用余额（元）",
        "orders": "代发指令",
        "message": "报文标识",
        "received": "收到时间",
        "lines": "笔数",
        "open": "处理中",
        "booked": "已入账",
        "refused": "已拒绝",
        "returned": "已退汇",
        "messages": "发出的报文",
        "kind": "类型",
        "released": "发出时间",
        "taken": "已签收",
        "none": "暂无",
        "yes": "是",
        "no": "否",
    },
    "en": {
        "lang": "en",
        "title": "Simulated bank",
        "note": "A bank for demonstrations. No real money is involved.",
        "other": '<a href="/?lang=zh">中文</a>',
        "accounts": "Special wage accounts",
        "account": "Account",
        "name": "Name",
        "balance": "Balance (yuan)",
        "available": "Available (yuan)",
        "orders": "Payment orders",
        "message": "Message",
        "received": "Received",
        "lines": "Payments",
        "open": "In progress",
        "booked": "Booked",
        "refused": "Refused",
        "returned": "Returned",
        "messages": "Messages sent",
        "kind": "Kind",
        "released": "Sent",
        "taken": "Acknowledged",
        "none": "None yet",
        "yes": "Yes",
        "no": "No",
    },
}

_STYLE = (
    "body{font:16px/1.6 'Noto Sans SC','Microsoft YaHei',sans-serif;max-width:64rem;margin:2rem auto;"
    "padding:0 1rem;color:#1d2733;background:#fff}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #d9dfe6}"
    ".n{text-align:right;font-variant-numeric:tabular-nums}section{overflow-x:auto;margin:2rem 0}"
    "h1{font-size:1.5rem}h2{font-size:1.15rem}@media(prefers-color-scheme:dark)"
    "{body{color:#e6ebf1;background:#14191f}a{color:#8ab8ff}th,td{border-color:#36404b}}"
)


def render_page(bank: Bank, language: str) -> str:
    """The page as HTML, in Chinese ("zh") or English ("en")."""
    words = _WORDS.get(language, _WORDS["zh"])
    accounts = [
        [a["number"], a["name"], _yuan(a["balance_fen"]), _yuan(a["available_fen"])] for a in bank.accounts()
    ]
    orders = [
        [
            row["message_id"],
            row["account"],
            _moment(row["received_at"]),
            *(str(row[key]) for key in ("lines", "open", "booked", "refused", "returned")),
        ]
        for row in bank.orders()
    ]
    messages = [
        [m.name, m.kind, _moment(m.released_at), words["yes" if m.acknowledged_at else "no"]]
        for m in bank.newest_messages()
    ]
    return (
        f'<!doctype html><html lang="{words["lang"]}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{words['title']}</title><style>{_STYLE}</style></head><body><main>"
        f"<h1>{words['title']}</h1><p>{words['note']} {words['other']}</p>"
        + _table(words, "accounts", ["account", "name", "balance", "available"], accounts, 2)
        + _table(
            words,
            "orders",
            ["message", "account", "received", "lines", "open", "booked", "refused", "returned"],
            orders,
            3,
        )
        + _table(words, "messages", ["message", "kind", "released", "taken"], messages, 9)
        + "</main></body></html>"
    )


def _table(words: dict[str, str], title: str, heads: list[str], rows: list[list[str]], numbers: int) -> str:
    """A section with a table; the columns from index `numbers` on are right-aligned."""
    if not rows:
        return f"<section><h2>{words[title]}</h2><p>{words['none']}</p></section>"

    def cell(tag: str, index: int, text: str) -> str:
        return f"<{tag}{' class=n' if index >= numbers else ''}>{escape(text)}</{tag}>"

    head = "".join(cell("th", i, words[key]) for i, key in enumerate(heads))
    body = "".join(
        "<tr>" + "".join(cell("td", i, text) for i, text in enumerate(row)) + "</tr>" for row in rows
    )
    return (
        f"<section><h2>{words[title]}</h2><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></section>"
    )


def _yuan(amount_fen: int) -> str:
    return f"{Decimal(amount_fen).scaleb(-2):,.2f}"


def _moment(stamped: str) -> str:
    return datetime.fromisoformat(stamped).astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")
