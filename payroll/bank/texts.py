"""Chinese result texts to ISO reason codes, for banks that answer with a bare sentence.

A fragment matches anywhere in the text once spaces and punctuation are gone; the longest wins, and a
profile's own pairs go before these. Text that nothing matches goes to a person, word for word.
"""

import re
import unicodedata

TEXTS: tuple[tuple[str, str], ...] = (
    ("户名不符", "BE01"),
    ("户名账号不符", "BE01"),
    ("账号户名不符", "BE01"),
    ("账户名不符", "BE01"),
    ("姓名不符", "BE01"),
    ("户名错误", "BE01"),
    ("户名为空", "BE22"),
    ("账号不存在", "AC03"),
    ("账户不存在", "AC03"),
    ("无此账号", "AC03"),
    ("无此账户", "AC03"),
    ("查无此户", "AC03"),
    ("卡号不存在", "AC03"),
    ("无此卡号", "AC03"),
    ("账号错误", "AC01"),
    ("账号有误", "AC01"),
    ("账号格式", "AC01"),
    ("卡号错误", "AC16"),
    ("卡号有误", "AC16"),
    ("销户", "AC04"),
    ("账户已注销", "AC04"),
    ("卡已注销", "AC04"),
    ("冻结", "AC06"),
    ("只收不付", "AC06"),
    ("止付", "AC06"),
    ("挂失", "AC06"),
    ("账户状态异常", "AC06"),
    ("账户状态不正常", "AC06"),
    ("长期不动户", "AC06"),
    ("账户类型不符", "AG01"),
    ("二类户", "AG01"),
    ("三类户", "AG01"),
    ("不支持入账", "AG01"),
    ("余额不足", "AM04"),
    ("可用余额不足", "AM04"),
    ("头寸不足", "AM04"),
    ("超过单笔限额", "AM02"),
    ("超单笔限额", "AM02"),
    ("超过日累计限额", "AM21"),
    ("日累计限额", "AM21"),
    ("超限额", "AM14"),
    ("超过限额", "AM14"),
    ("超出限额", "AM14"),
    ("合计金额不符", "AM10"),
    ("总金额不符", "AM10"),
    ("总笔数不符", "AM18"),
    ("金额错误", "AM09"),
    ("行号错误", "RC01"),
    ("行号不存在", "RC01"),
    ("行名行号不符", "RC01"),
    ("无此行号", "RC01"),
    ("重复", "AM05"),
    ("文件已受理", "DUPL"),
    ("非营业时间", "TM01"),
    ("超过受理时间", "TM01"),
    ("系统日终", "TM01"),
    ("日期错误", "DT01"),
    ("日期无效", "DT01"),
    ("死亡", "MD07"),
    ("已故", "MD07"),
)

_NOISE = re.compile(r"[\W_]+")


def squeeze(text: str) -> str:
    """A text without spaces and punctuation, full-width forms folded; banks also write 帐 for 账."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", text)).replace("帐", "账").replace("賬", "账")


def code_for_text(text: str, own: tuple[tuple[str, str], ...] = ()) -> str | None:
    """The ISO reason code of a bank's free text, or None when no fragment is found in it."""
    squeezed = squeeze(text)
    for pairs in (own, TEXTS):
        matches = [(len(squeeze(f)), code) for f, code in pairs if squeeze(f) and squeeze(f) in squeezed]
        if matches:
            return max(matches, key=lambda match: match[0])[1]
    return None
