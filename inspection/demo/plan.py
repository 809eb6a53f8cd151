"""What the demo county consists of, and the story each project tells."""

from dataclasses import dataclass, field

from registration.models import Sector

AUTHORITIES = [
    # username, person, office, kind, region
    ("limin", "李敏", "金华市劳动保障监察支队", "labour", "330700"),
    ("wangjing", "王静", "金东区劳动保障监察大队", "labour", "330703"),
    ("chenhao", "陈浩", "金东区劳动保障监察大队", "labour", "330703"),
    ("fangxy", "方小雨", "婺城区劳动保障监察大队", "labour", "330702"),
    ("luzj", "陆正吉", "金华市交通运输局", "transport", "330700"),
]

SECOND_BANK = ("婺江银行股份有限公司", "婺江银行", "402338000027")
"""Takes .xlsx batches; keeps the accounts of the sites tagged second_bank."""
SHARED_BY = ("ZJJH-2026-0123", "ZJJH-2026-0131")
"""Two projects of one contractor in one special account; the second is a share of the first's."""
BANK = ("金华商贸银行股份有限公司", "金华商贸银行", "313338000019")


@dataclass(frozen=True)
class Firm:
    """A contractor or owner; people are (username, name, role)."""

    key: str
    name: str
    short: str
    kind: str
    region: str = "330703"
    people: tuple[tuple[str, str, str], ...] = ()


FIRMS = [
    Firm(
        "cenling",
        "浙江岑岭建设有限公司",
        "浙江岑岭建设",
        "contractor",
        people=(
            ("zhao", "赵春燕", "gc_clerk"),
            ("he", "何建平", "gc_manager"),
            ("menwei", "门卫老吴", "site"),
        ),
    ),
    Firm(
        "yanshan",
        "浙江砚山建工有限公司",
        "浙江砚山建工",
        "contractor",
        "330783",
        (("kong", "孔令辉", "gc_clerk"), ("caiming", "蔡明", "gc_manager")),
    ),
    Firm(
        "jintuo",
        "浙江金拓水务市政有限公司",
        "金拓水务市政",
        "contractor",
        "330702",
        (("luqin", "陆琴", "gc_clerk"), ("shaohua", "邵华", "gc_manager")),
    ),
    Firm(
        "tongda",
        "浙江通达路桥建设有限公司",
        "通达路桥",
        "contractor",
        "330782",
        (("yanfei", "严飞", "gc_clerk"), ("tongjun", "童俊", "gc_manager")),
    ),
    Firm(
        "muchuan",
        "金华沐川建筑劳务有限公司",
        "沐川劳务",
        "contractor",
        people=(("qian", "钱文娟", "sc_clerk"),),
    ),
    Firm(
        "hefeng",
        "东阳禾丰建筑劳务有限公司",
        "禾丰劳务",
        "contractor",
        "330783",
        (("lou", "楼建新", "sc_clerk"),),
    ),
    Firm(
        "anju", "金华安居钢筋工程有限公司", "安居钢筋", "contractor", people=(("tang", "唐晓", "sc_clerk"),)
    ),
    Firm(
        "shunxing",
        "金华顺兴模板工程有限公司",
        "顺兴模板",
        "contractor",
        people=(("jiang", "蒋顺", "sc_clerk"),),
    ),
    Firm(
        "yuanda",
        "义乌远达机电安装有限公司",
        "远达机电",
        "contractor",
        "330782",
        (("feng", "冯达", "sc_clerk"),),
    ),
    Firm("wuyue", "婺越防水装饰有限公司", "婺越装饰", "contractor", "330702", (("shi", "施越", "sc_clerk"),)),
    Firm(
        "heshun",
        "永康和顺土石方有限公司",
        "和顺土石方",
        "contractor",
        "330784",
        (("hong", "洪顺", "sc_clerk"),),
    ),
    Firm(
        "zhonglian",
        "浙江众联劳务有限公司",
        "众联劳务",
        "contractor",
        "330702",
        (("ding", "丁联", "sc_clerk"),),
    ),
    Firm(
        "changxin",
        "金华长信建筑劳务有限公司",
        "长信劳务",
        "contractor",
        people=(("ren", "任信", "sc_clerk"),),
    ),
    Firm(
        "xinyuan", "兰溪新源劳务有限公司", "新源劳务", "contractor", "330781", (("shen", "沈源", "sc_clerk"),)
    ),
    Firm(
        "tuoan",
        "义乌拓岸城市开发有限公司",
        "拓岸城市开发",
        "owner",
        "330782",
        (("ye", "叶青", "owner_clerk"),),
    ),
    Firm("duohu", "金华多湖新城建设有限公司", "多湖新城建设", "owner"),
    Firm("hengxi", "东阳横溪教育投资有限公司", "横溪教育投资", "owner", "330783"),
    Firm("xianhua", "金华仙华城市投资有限公司", "仙华城投", "owner", "330702"),
    Firm("jiaotou", "金华交通投资建设有限公司", "金华交投建设", "owner", "330702"),
    Firm("wujin", "永康五金产业园开发有限公司", "五金产业园", "owner", "330784"),
    Firm("lugang", "义乌陆港冷链有限公司", "陆港冷链", "owner", "330782"),
    Firm("bailong", "婺城白龙桥工业投资有限公司", "白龙桥工投", "owner", "330702"),
    Firm("zhengyi", "浙江正义工程监理有限公司", "正义监理", "supervisor", "330702"),
    Firm("dongchen", "金东区东辰水利投资有限公司", "东辰水投", "owner"),
    Firm("jianan", "金华健安医院建设有限公司", "健安医院建设", "owner"),
    Firm(
        "kangyuan",
        "金华康源劳务派遣有限公司",
        "康源派遣",
        "agency",
        people=(("lan", "兰晓", "agency_clerk"),),
    ),
    Firm(
        "jinyi",
        "金华锦艺五金制品有限公司",
        "锦艺五金",
        "contractor",
        people=(("guo", "郭艺", "gc_clerk"), ("jin", "金锦", "gc_manager")),
    ),
    Firm(
        "zhisheng",
        "浙江智盛装配建筑有限公司",
        "智盛装配",
        "contractor",
        people=(("pan", "潘智", "sc_clerk"),),
    ),
    Firm(
        "ruifeng",
        "金华瑞丰脚手架工程有限公司",
        "瑞丰架子",
        "contractor",
        people=(("du", "杜丰", "sc_clerk"),),
    ),
    Firm(
        "hongtu",
        "东阳宏图园林工程有限公司",
        "宏图园林",
        "contractor",
        "330783",
        (("ge", "葛宏", "sc_clerk"),),
    ),
]


@dataclass(frozen=True)
class Part:
    """A firm's people on a project: teams as (name, trade, heads, yuan per day).

    `by` is the firm that engaged it (the general contractor if empty), `let` the teams whose work was let to
    the foreman; the firm may be the general contractor itself.
    """

    firm: str
    scope: str
    teams: tuple[tuple[str, str, int, int], ...]
    by: str = ""
    role: str = "subcontractor"
    engagement: str = "lawful"
    licence: str = ""
    manager: str = ""
    let: tuple[str, ...] = ()


@dataclass(frozen=True)
class Site:
    """A project and its story, month by month: one word for August, September and October.

    paid: on time; late: the money came after the due date; returned: some cards were wrong; part: one
    subcontractor was paid and the other not; approved: approved, never instructed; confirming: waiting for
    the workers; none: no sheet was made.
    """

    code: str
    name: str
    name_en: str
    region: str
    sector: str
    owner: str  # "" for a factory that registered by its own will
    gc: str
    parts: tuple[Part, ...]
    story: tuple[str, str, str]
    fund_percent: int = 100
    tags: frozenset[str] = field(default_factory=frozenset)


B, M, T, W, F = Sector.BUILDING, Sector.MUNICIPAL, Sector.TRANSPORT, Sector.WATER, Sector.MANUFACTURING

SITES = [
    Site(
        "ZJJH-2026-0117",
        "多湖 B-07 地块住宅",
        "Duohu B-07 housing",
        "330703",
        B,
        "tuoan",
        "cenling",
        (
            Part(
                "muchuan",
                "木工、泥工劳务",
                (
                    ("木工一班", "木工", 42, 340),
                    ("木工二班", "木工", 38, 340),
                    ("泥工一班", "砌筑工", 44, 320),
                ),
            ),
            Part("anju", "钢筋工程", (("钢筋班", "钢筋工", 44, 330),)),
            Part(
                "kangyuan",
                "辅助用工",
                (("派遣普工班", "普工", 18, 240),),
                by="muchuan",
                role="agency",
                licence="330703202400027",
                manager="康明",
            ),
        ),
        ("paid", "paid", "returned"),
        tags=frozenset({"live"}),
    ),
    Site(
        "ZJJH-2026-0123",
        "江湾里安置房三期",
        "Jiangwanli resettlement housing III",
        "330703",
        B,
        "duohu",
        "cenling",
        (
            Part("shunxing", "模板工程", (("模板一班", "模板工", 46, 350), ("模板二班", "模板工", 40, 350))),
            Part("changxin", "普工劳务", (("综合班", "普工", 46, 260),)),
            Part(
                "hefeng",
                "支模劳务",
                (("支模班", "模板工", 20, 320),),
                by="shunxing",
                engagement="recontracted",
                manager="楼建新",
            ),
        ),
        ("paid", "late", "confirming"),
        tags=frozenset({"objections"}),
    ),
    Site(
        "ZJJH-2026-0131",
        "健安医院门诊楼",
        "Jian'an hospital outpatient building",
        "330703",
        B,
        "jianan",
        "cenling",
        (
            Part("muchuan", "主体劳务", (("主体一班", "砌筑工", 50, 330), ("主体二班", "混凝土工", 40, 310))),
            Part("yuanda", "机电安装", (("电工班", "工地电工", 30, 380),), let=("电工班",)),
        ),
        ("paid", "paid", "part"),
    ),
    Site(
        "ZJJH-2026-0138",
        "游埠溪综合治理",
        "Youbu creek works",
        "330703",
        W,
        "dongchen",
        "jintuo",
        (Part("heshun", "土石方", (("挖机班", "挖掘机", 26, 420), ("普工班", "普工", 54, 250))),),
        ("paid", "paid", "paid"),
    ),
    Site(
        "ZJJH-2026-0142",
        "曹宅镇邻里中心",
        "Caozhai neighbourhood centre",
        "330703",
        B,
        "duohu",
        "yanshan",
        (Part("xinyuan", "劳务分包", (("泥工班", "砌筑工", 48, 300), ("木工班", "木工", 42, 330))),),
        ("paid", "approved", "confirming"),
        fund_percent=30,
    ),
    Site(
        "ZJJH-2026-0150",
        "金东数智产业园",
        "Jindong digital park",
        "330703",
        B,
        "duohu",
        "cenling",
        (
            Part("zhisheng", "装配式安装", (("吊装班", "起重", 36, 390), ("灌浆班", "混凝土工", 34, 320))),
            Part("ruifeng", "脚手架", (("架子一班", "架子工", 40, 360),)),
        ),
        ("none", "none", "paid"),
        tags=frozenset({"from_october", "second_bank"}),
    ),
    Site(
        "ZJJH-2026-0088",
        "白龙桥标准厂房",
        "Bailongqiao standard factory",
        "330702",
        B,
        "bailong",
        "jintuo",
        (Part("wuyue", "防水装饰", (("防水班", "防水工", 40, 350), ("装饰班", "装饰装修工", 60, 330))),),
        ("paid", "paid", "paid"),
    ),
    Site(
        "ZJJH-2026-0092",
        "仙华路地下管廊",
        "Xianhua road utility tunnel",
        "330702",
        M,
        "xianhua",
        "jintuo",
        (
            Part(
                "zhonglian", "管廊劳务", (("管廊一班", "管道工", 70, 320), ("管廊二班", "混凝土工", 60, 300))
            ),
        ),
        ("paid", "late", "none"),
    ),
    Site(
        "ZJDY-2026-0031",
        "横溪中学迁建",
        "Hengxi middle school",
        "330783",
        B,
        "hengxi",
        "yanshan",
        (
            Part(
                "hefeng",
                "主体劳务",
                (("钢筋班", "钢筋工", 62, 330), ("木工班", "木工", 71, 340), ("泥工班", "砌筑工", 53, 310)),
            ),
        ),
        ("approved", "confirming", "none"),
        fund_percent=17,
    ),
    Site(
        "ZJDY-2026-0040",
        "江滨景观改造",
        "Riverside landscape",
        "330783",
        M,
        "hengxi",
        "yanshan",
        (Part("hongtu", "园林劳务", (("园林班", "园林工", 70, 270),)),),
        ("paid", "paid", "paid"),
    ),
    Site(
        "ZJYK-2026-0026",
        "五金产业园 2 号地块",
        "Hardware park plot 2",
        "330784",
        B,
        "wujin",
        "yanshan",
        (Part("hefeng", "劳务分包", (("综合一班", "普工", 93, 290),)),),
        ("paid", "late", "approved"),
        fund_percent=60,
    ),
    Site(
        "ZJYW-2026-0057",
        "义乌陆港快速路二标",
        "Yiwu port expressway lot 2",
        "330782",
        T,
        "jiaotou",
        "tongda",
        (
            Part("heshun", "路基劳务", (("路基一班", "普工", 60, 280), ("路基二班", "普工", 60, 280))),
            Part("zhonglian", "桥梁劳务", (("桥梁班", "混凝土工", 56, 330),)),
        ),
        ("paid", "paid", "paid"),
    ),
    Site(
        "JHZZ-2026-0003",
        "锦艺五金曹宅厂区",
        "Jinyi hardware works, Caozhai",
        "330703",
        F,
        "",
        "jinyi",
        (Part("jinyi", "生产", (("冲压车间", "冲压工", 16, 230), ("包装车间", "包装工", 12, 200))),),
        ("paid", "paid", "paid"),
    ),
]
