import pytest

from payroll.bank.codes import (
    ACTIONS,
    REASONS,
    STATUSES,
    Action,
    LineState,
    judge,
    judge_return,
    meaning,
)
from payroll.bank.pain002 import Reason
from payroll.bank.texts import TEXTS, code_for_text


def test_only_settlement_means_paid() -> None:
    assert {code for code, state in STATUSES.items() if state is LineState.PAID} == {"ACSC", "ACCC"}
    for promise in ("ACCP", "ACSP", "ACTC", "ACWC", "RCVD", "PDNG", "PATC", "ACWP"):
        assert judge(promise, ()).state is LineState.RECEIVED


def test_an_unknown_status_goes_to_a_person() -> None:
    for status in ("", "XXXX", "PART"):
        assert judge(status, ()).state is LineState.MANUAL
        assert judge(status, ()).action is Action.MANUAL


@pytest.mark.parametrize("code", ["AM05", "DU01", "DU03", "DU04", "DUPL"])
def test_a_duplicate_is_looked_up_and_never_open_for_a_new_attempt(code: str) -> None:
    verdict = judge("RJCT", (Reason(code),))
    assert (verdict.state, verdict.action) == (LineState.MANUAL, Action.LOOK_UP_ORIGINAL)


@pytest.mark.parametrize(
    ("code", "action"),
    [
        ("AC01", Action.CORRECT_CARD),
        ("AC03", Action.CORRECT_CARD),
        ("AC04", Action.NEW_CARD),
        ("AC06", Action.VISIT_BANK),
        ("BE01", Action.COMPARE_NAME),
        ("AM04", Action.FUND_ACCOUNT),
        ("AM10", Action.STOP_BATCH),
        ("RC01", Action.FIX_BANK_CODE),
        ("TM01", Action.REDATE),
        ("MD07", Action.CASE_WORKER),
        ("MS03", Action.MANUAL),
        ("ZZ99", Action.MANUAL),
    ],
)
def test_each_reason_says_who_acts(code: str, action: Action) -> None:
    verdict = judge("RJCT", (Reason(code, "原文"),))
    assert (verdict.state, verdict.code, verdict.action) == (LineState.REJECTED, code, action)
    assert verdict.verbatim == f"{code} 原文"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("户名不符", "BE01"),
        ("收款人 账号、户名不符!", "BE01"),
        ("收款帐号不存在", "AC03"),
        ("该账户已销户", "AC04"),
        ("账户状态不正常,请联系开户行", "AC06"),
        ("专用账户可用余额不足", "AM04"),
        ("超过日累计限额", "AM21"),
        ("行名行号不符", "RC01"),
        ("详询客户经理", None),
        ("", None),
    ],
)
def test_maps_chinese_texts(text: str, code: str | None) -> None:
    assert code_for_text(text) == code


def test_the_profiles_own_texts_go_first() -> None:
    own = (("E-17", "AC04"), ("户名不符", "BE21"))
    assert code_for_text("错误码E17", own) == "AC04"
    assert code_for_text("户名不符", own) == "BE21"
    assert judge("RJCT", (Reason("E-17"),), own).action is Action.NEW_CARD


def test_a_known_code_goes_before_the_text_and_text_before_narr() -> None:
    assert judge("RJCT", (Reason("AC04", "户名不符"),)).code == "AC04"
    assert judge("RJCT", (Reason("NARR", "户名不符"),)).code == "BE01"


def test_a_return_keeps_the_banks_words() -> None:
    verdict = judge_return(Reason("", "账户已冻结,退汇"))
    assert (verdict.state, verdict.code, verdict.verbatim) == (LineState.RETURNED, "AC06", "账户已冻结,退汇")


def test_every_code_and_action_has_words_in_both_languages() -> None:
    assert set(ACTIONS) == set(Action)
    for words in [m.words for m in REASONS.values()] + list(ACTIONS.values()) + [meaning("ZZ99").words]:
        assert words.in_language("zh-hans")
        assert words.in_language("en")
        assert words.in_language("zh-hans") != words.in_language("en")
    assert {code for _, code in TEXTS} <= set(REASONS)
