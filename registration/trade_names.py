"""Trades for readers of English. On record stands what contractors write, nearly always a word of the code lists."""

from django.utils.translation import get_language

ENGLISH: dict[str, str] = {
    "木工": "carpenter", "钢筋工": "steel fixer", "混凝土工": "concrete worker", "泥工": "plasterer and mason",
    "瓦工": "bricklayer", "抹灰工": "plasterer", "架子工": "scaffolder", "砌筑工": "mason", "油漆工": "painter",
    "电工": "electrician", "焊工": "welder", "水电工": "plumber and electrician", "管道工": "pipefitter",
    "防水工": "waterproofer", "塔吊司机": "tower crane operator", "信号工": "crane signaller",
    "机械操作工": "machine operator", "幕墙工": "curtain wall fitter", "安装工": "installer",
    "测量工": "surveyor", "杂工": "general labourer", "普工": "labourer",
    "模板工": "formwork carpenter", "机械设备安装工": "machinery fitter", "通风工": "ventilation fitter",
    "安装起重工": "rigger", "安装钳工": "fitter", "电气设备安装调试工": "electrical commissioning fitter",
    "变电安装工": "substation fitter", "建筑电工": "site electrician", "司泵工": "pump operator",
    "挖掘铲运和桩工机械司机": "excavator and pile driver operator", "桩机操作工": "piling rig operator",
    "起重信号工": "crane signaller", "建筑起重机械安装拆卸工": "crane erector",
    "装饰装修工": "decorator", "室内成套设施安装工": "interior fitter",
    "建筑门窗幕墙安装工": "window and curtain wall fitter", "幕墙制作工": "curtain wall maker", "石工": "stonemason",
    "电焊工": "arc welder", "爆破工": "blaster", "除尘工": "dust control worker", "测量放线工": "setting-out surveyor",
    "线路架设工": "overhead line worker", "古建筑传统石工": "heritage stonemason",
    "古建筑传统瓦工": "heritage tiler", "古建筑传统彩画工": "heritage decorative painter",
    "古建筑传统木工": "heritage carpenter", "古建筑传统油工": "heritage painter", "金属工": "metal worker",
    "管理人员": "manager",
}  # fmt: skip
"""Every trade of `rules.trades` and of the national codes."""


def trade_label(said: str) -> str:
    """A trade in the reader's language; a word that is in no list stays as it was written."""
    if (get_language() or "zh").startswith("zh"):
        return said
    return ENGLISH.get(said, said)
