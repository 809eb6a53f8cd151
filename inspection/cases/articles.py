"""Articles 54 to 57 of Order 724: what is ordered to be put right, and the fine if it is not.

The fines are regional, dated parameters (`sanction.…`, in fen, from and to): a fine follows only when an order
has lapsed, and only within its article's range.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise, lazy
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Ground:
    """One violation. `article` as it stands in documents, `key` its range of fines for the unit, `person_key`
    for the persons responsible; `stop_work` whether the project is stopped as well."""

    code: str
    article: str
    title: str | Promise
    text: str
    key: str
    person_key: str = ""
    stop_work: bool = False

    @property
    def article_words(self) -> str:
        """The article in the reader's language."""
        if (get_language() or "zh").startswith("zh"):
            return self.article
        return gettext("Article %(number)s") % {"number": self.code.partition("-")[0]}

    @property
    def label(self) -> str:
        """The article and what was broken, in the reader's language: Chinese as it stands in documents."""
        return lazy(self._label, str)()

    def _label(self) -> str:
        words = self.text if (get_language() or "zh").startswith("zh") else str(self.title)
        return f"{self.article_words}　{words}"


_54: dict[str, Any] = {"article": "第五十四条", "key": "sanction.54.unit", "person_key": "sanction.54.person"}
_55: dict[str, Any] = {"article": "第五十五条", "key": "sanction.55.unit", "stop_work": True}
_56: dict[str, Any] = {"article": "第五十六条", "key": "sanction.56.unit"}
_57: dict[str, Any] = {"article": "第五十七条", "key": "sanction.57.unit", "stop_work": True}

GROUNDS: dict[str, Ground] = {
    ground.code: ground
    for ground in (
        Ground("30", "第三十条", _("Wages not paid"), "未按时足额支付农民工工资", ""),
        Ground("54-1", **_54, title=_("Paid in kind or by vouchers"), text="以实物、有价证券等形式代替货币支付农民工工资"),
        Ground("54-2", **_54, title=_("No ledger, or no pay slips for workers"), text="未编制工资支付台账并依法保存，或者未向农民工提供工资清单"),
        Ground("54-3", **_54, title=_("Workers' bank cards kept"), text="扣押或者变相扣押用于支付农民工工资的银行账户所绑定的农民工本人社会保障卡或者银行卡"),
        Ground("55-1", **_55, title=_("No special account, or it was misused"), text="施工总承包单位未按规定开设或者使用农民工工资专用账户"),
        Ground("55-2", **_55, title=_("No wage deposit"), text="施工总承包单位未按规定存储工资保证金或者未提供金融机构保函"),
        Ground("55-3", **_55, title=_("No real-name register"), text="施工总承包单位、分包单位未实行劳动用工实名制管理"),
        Ground("56-1", **_56, title=_("No monthly assessment, pay sheet or workers' signatures"), text="分包单位未按月考核农民工工作量、编制工资支付表并经农民工本人签字确认"),
        Ground("56-2", **_56, title=_("Subcontractor not supervised"), text="施工总承包单位未对分包单位劳动用工实施监督管理"),
        Ground("56-3", **_56, title=_("Subcontractor does not cooperate"), text="分包单位未配合施工总承包单位对其劳动用工进行监督管理"),
        Ground("56-4", **_56, title=_("No notice board"), text="施工总承包单位未实行施工现场维权信息公示制度"),
        Ground("57-1", **_57, title=_("Owner gave no payment guarantee"), text="建设单位未依法提供工程款支付担保"),
        Ground("57-2", **_57, title=_("Owner did not allocate labour cost in time"), text="建设单位未按约定及时足额向农民工工资专用账户拨付工程款中的人工费用"),
        Ground("57-3", **_57, title=_("Owner or contractor shows no papers"), text="建设单位或者施工总承包单位拒不提供或者无法提供工程施工合同、农民工工资专用账户有关资料"),
    )
}  # fmt: skip
"""By code: the article and a number within it. Ground 30 asks for payment and has no fine of its own."""

PAY = "30"
"""The ground of orders to pay wages: the one that a criminal referral needs."""
