"""Words of roster columns and the codes they stand for; what is not here is reported, never guessed.

Codes of education and political affiliation are the national platform's (cultureLevelType 01-08, 99;
politicsType 01-13, GB/T 4762).
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping


def _codes(words: Mapping[str, Iterable[str]]) -> dict[str, str]:
    return {word: code for code, listed in words.items() for word in listed}


EDUCATION = _codes(
    {
        "01": ("小学", "小学毕业", "小学文化"),
        "02": ("初中", "初级中学", "初中毕业", "初中文化"),
        "03": ("高中", "高级中学", "高中毕业", "普通高中", "高中文化"),
        "04": ("中专", "中技", "技校", "中职", "职高", "职业高中", "中等专科", "中等专业学校", "中专毕业", "技工学校", "中专/中技"),
        "05": ("大专", "专科", "高职", "大学专科", "高职高专", "大专毕业"),
        "06": ("本科", "大学", "大学本科", "学士", "本科毕业"),
        "07": ("硕士", "研究生", "硕士研究生"),
        "08": ("博士", "博士研究生"),
        "99": ("其他", "其它", "文盲", "半文盲", "文盲半文盲", "无学历"),
    }
)  # fmt: skip
POLITICS = _codes(
    {
        "01": ("党员", "中共党员", "共产党员", "中国共产党党员"),
        "02": ("预备党员", "中共预备党员"),
        "03": ("团员", "共青团员"),
        "04": ("民革", "民革党员", "民革会员"),
        "05": ("民盟", "民盟盟员"),
        "06": ("民建", "民建会员"),
        "07": ("民进", "民进会员"),
        "08": ("农工党", "农工党党员"),
        "09": ("致公党", "致公党党员"),
        "10": ("九三学社", "九三学社社员"),
        "11": ("台盟", "台盟盟员"),
        "12": ("无党派", "无党派人士", "无党派民主人士"),
        "13": ("群众", "普通公民"),
    }
)
HOUSEHOLD = _codes(
    {
        "rural": ("农业", "农村", "农业户口", "农村户口", "农", "农业家庭户", "农业家庭户口", "农村居民", "rural"),
        "urban": ("非农业", "城镇", "非农", "非农业户口", "城镇户口", "城市", "城市户口", "非农业家庭户", "非农业家庭户口", "城镇居民", "urban"),
    }
)  # fmt: skip
PIECE_UNIT = _codes(
    {
        "m": ("米", "延米", "延长米", "m"),
        "m2": ("平方米", "平方", "平米", "m2", "㎡"),
        "m3": ("立方米", "立方", "方", "m3"),
        "t": ("吨", "t"),
        "piece": ("件", "个", "根", "块", "只", "片", "樘"),
        "set": ("套", "组", "台"),
        "job": ("项", "包干", "总价", "整项"),
    }
)
WORK_ROLE = _codes(
    {
        "10": ("管理人员", "管理", "项目管理人员", "管理岗", "管理人员类"),
        "20": ("工人", "建筑工人", "作业人员", "务工人员", "一线工人", "劳务人员", "普通工人"),
    }
)
PAY_BASIS = _codes(
    {
        "day": ("按天", "按日", "天", "日", "日薪", "日工资", "计日", "点工", "计时", "按工日", "day"),
        "month": ("按月", "月", "月薪", "月工资", "计月", "month"),
        "hour": ("按小时", "小时", "时薪", "按时", "hour"),
        "piece": ("计件", "按件", "按量", "包工", "计量", "piece"),
    }
)
_COUNTED = re.compile(r"\d{1,2}")


def code_of(word: str, codes: Mapping[str, str]) -> str | None:
    """The code of a word, or the code itself as people write it (3 for 03); None if it is unknown."""
    plain = unicodedata.normalize("NFKC", word).replace(" ", "").lower()
    if _COUNTED.fullmatch(plain) and (padded := plain.zfill(2)) in codes.values():
        return padded
    return codes.get(plain)
