"""A person once, their wage cards, and their work on projects."""

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from registration.models.projects import Participation, Project, Team
from registration.rules.card_word import CardWord, card_word
from wagewatch.lib.fields import EncryptedBytesField, EncryptedTextField
from wagewatch.lib.history import LeanHistory


class IdKind(models.TextChoices):
    """Kind of identity document, by the national platform's codes where it has one."""

    RESIDENT = "01", _("Resident identity card")
    RESIDENCE_PERMIT = "02", _("Residence permit for Hong Kong, Macao or Taiwan residents")
    FOREIGNER = "03", _("Permanent residence card for foreigners")
    PASSPORT = "08", _("Passport")
    HK_MACAO_PASS = "10", _("Travel permit for Hong Kong and Macao residents")
    TAIWAN_PASS = "12", _("Travel permit for Taiwan residents")


class Household(models.TextChoices):
    """Household registration (户口); order 724 protects rural residents by name, real-name covers all."""

    RURAL = "rural", _("Rural")
    URBAN = "urban", _("Urban")


class Education(models.TextChoices):
    """Education, by the national platform's codes."""

    PRIMARY = "01", _("Primary school")
    JUNIOR = "02", _("Junior middle school")
    SENIOR = "03", _("Senior middle school")
    TECHNICAL = "04", _("Technical school")
    COLLEGE = "05", _("College")
    BACHELOR = "06", _("Bachelor")
    MASTER = "07", _("Master")
    DOCTOR = "08", _("Doctor")
    OTHER = "99", pgettext_lazy("education", "Other")


class Politics(models.TextChoices):
    """Political affiliation (GB/T 4762), by the national platform's codes."""

    PARTY = "01", _("Communist Party member")
    PROBATIONARY = "02", _("Probationary Party member")
    LEAGUE = "03", _("Youth League member")
    REVOLUTIONARY = "04", _("Member of the Revolutionary Committee of the Kuomintang")
    DEMOCRATIC_LEAGUE = "05", _("Member of the Democratic League")
    NATIONAL_CONSTRUCTION = "06", _("Member of the National Construction Association")
    PROMOTING_DEMOCRACY = "07", _("Member of the Association for Promoting Democracy")
    PEASANTS_WORKERS = "08", _("Member of the Peasants' and Workers' Party")
    ZHI_GONG = "09", _("Member of the Zhi Gong Party")
    JIUSAN = "10", _("Member of the Jiusan Society")
    TAIWAN_LEAGUE = "11", _("Member of the Taiwan Self-Government League")
    NO_PARTY = "12", _("Without party")
    MASSES = "13", _("Masses")


class SkillGrade(models.IntegerChoices):
    """National occupational skill grade (国家职业资格等级), highest last."""

    NONE = 0, _("No grade")
    ELEMENTARY = 1, _("Elementary worker (grade 5)")
    INTERMEDIATE = 2, _("Intermediate worker (grade 4)")
    ADVANCED = 3, _("Advanced worker (grade 3)")
    TECHNICIAN = 4, _("Technician (grade 2)")
    SENIOR_TECHNICIAN = 5, _("Senior technician (grade 1)")


class Worker(models.Model):
    """A person, once for the whole system, found again by identity number in any city.

    `initials` holds every reading of the name's pinyin initials, each behind a space (" zdw cdw"), for
    search. `updated_at` is when somebody last entered or confirmed the data; more than a year ago means
    training again before entry (real-name measures 2019).
    """

    name = models.CharField("姓名", max_length=60)
    english_name = models.CharField("英文姓名", max_length=80, blank=True, default="", db_default="")
    initials = models.CharField("拼音首字母", max_length=200, blank=True, default="", db_default="")
    id_kind = models.CharField(
        "证件类型", max_length=2, choices=IdKind.choices, default=IdKind.RESIDENT, db_default="01"
    )
    id_number = EncryptedTextField("身份证号", context="worker.id_number")
    id_index = models.BinaryField(max_length=32, unique=True)
    id_tail = models.CharField("身份证尾号", max_length=4)
    sex = models.PositiveSmallIntegerField("性别", choices=[(1, _("Male")), (2, _("Female"))])
    birth_date = models.DateField("出生日期")
    origin_code = models.CharField("籍贯", max_length=6, blank=True)
    ethnicity = models.CharField("民族", max_length=20, blank=True)
    address = EncryptedTextField("住址", context="worker.address", null=True, blank=True)
    phone = EncryptedTextField("手机号", context="worker.phone", null=True, blank=True)
    phone_index = models.BinaryField(max_length=32, null=True)
    nationality = models.CharField("国籍", max_length=3, default="CHN", db_default="CHN")
    id_issuer = models.CharField("签发机关", max_length=60, blank=True, default="", db_default="")
    id_valid_from = models.DateField("证件有效期起", null=True, blank=True)
    id_valid_until = models.DateField("证件有效期止", null=True, blank=True, help_text="长期有效的留空")
    household = models.CharField(
        "户口性质", max_length=5, choices=Household.choices, blank=True, default="", db_default=""
    )
    education = models.CharField(
        "文化程度", max_length=2, choices=Education.choices, blank=True, default="", db_default=""
    )
    politics = models.CharField(
        "政治面貌", max_length=2, choices=Politics.choices, blank=True, default="", db_default=""
    )
    skill_grade = models.PositiveSmallIntegerField(
        "技能等级", choices=SkillGrade.choices, default=SkillGrade.NONE, db_default=0
    )
    emergency_name = EncryptedTextField("紧急联系人", context="worker.emergency_name", null=True, blank=True)
    emergency_phone = EncryptedTextField(
        "紧急联系电话", context="worker.emergency_phone", null=True, blank=True
    )
    registered_at = models.DateTimeField("首次登记")
    registered_by = models.CharField("登记方式", max_length=20, default="roster", db_default="roster")
    updated_at = models.DateTimeField("信息更新时间", null=True, blank=True)
    history = LeanHistory()

    class Meta:
        verbose_name = verbose_name_plural = "工人"
        indexes = [
            models.Index(fields=["phone_index"], name="worker_phone", condition=Q(phone_index__isnull=False)),
            models.Index(fields=["id_tail"], name="worker_id_tail"),
            GinIndex(fields=["name"], name="worker_name_trgm", opclasses=["gin_trgm_ops"]),
            GinIndex(fields=["initials"], name="worker_initials_trgm", opclasses=["gin_trgm_ops"]),
        ]

    def __str__(self) -> str:
        return f"worker {self.pk}"


class WorkerPhoto(models.Model):
    """A person's picture, JPEG of at most 50 kB (limit of the national interface); the newest one counts."""

    class Source(models.TextChoices):
        CARD = "card", _("Identity card")
        CAMERA = "camera", _("Camera")
        FILE = "file", _("File")
        SELF = "self", _("The worker's phone")

    worker = models.ForeignKey(Worker, models.CASCADE, related_name="photos")
    content = EncryptedBytesField("照片", context="worker.photo")
    sha256 = models.BinaryField(max_length=32)
    source = models.CharField("来源", max_length=6, choices=Source.choices)
    taken_at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "工人照片"
        indexes = [models.Index(fields=["worker", "-taken_at"], name="worker_photo_newest")]

    def __str__(self) -> str:
        return f"photo of worker {self.worker_id}"


class BankCards(models.QuerySet["BankCard"]):
    """Cards, on request with what is known from their workers."""

    def with_word(self) -> "BankCards":
        """Each card with `replaced` (the worker had another number before) and `said` (the newest answer about
        this number, None for none); `BankCard.word` needs both. No query of its own."""
        from registration.models.cards import CardAnswer

        others = BankCard.objects.filter(worker=OuterRef("worker")).exclude(
            number_index=OuterRef("number_index")
        )
        said = CardAnswer.objects.filter(
            card__worker=OuterRef("worker"), card__number_index=OuterRef("number_index")
        ).order_by("-pk")
        return self.annotate(replaced=Exists(others), said=Subquery(said.values("is_own")[:1]))


class BankCard(models.Model):
    """A worker's own wage card; one card belongs to one person and nobody else may hold it (art. 31)."""

    worker = models.ForeignKey(Worker, models.CASCADE, related_name="cards")
    number = EncryptedTextField("卡号", context="card.number")
    number_index = models.BinaryField(max_length=32)
    tail = models.CharField("尾号", max_length=4)
    bank_name = models.CharField("开户行", max_length=60, blank=True)
    bank_code = models.CharField("联行号", max_length=12, blank=True)
    is_current = models.BooleanField("在用", default=True)
    added_at = models.DateTimeField("登记时间")
    objects = BankCards.as_manager()
    history = LeanHistory()

    class Meta:
        verbose_name = verbose_name_plural = "工资卡"
        constraints = [
            models.UniqueConstraint(
                fields=["number_index"], condition=Q(is_current=True), name="card_of_one_person"
            ),
            models.UniqueConstraint(fields=["worker"], condition=Q(is_current=True), name="one_current_card"),
        ]

    def __str__(self) -> str:
        return f"card {self.tail}"

    @property
    def word(self) -> CardWord:
        """What is known of this current card from the worker; only after `with_word()`."""
        found = vars(self)
        return card_word(replaced=found["replaced"], said=found["said"])


class PayBasis(models.TextChoices):
    """How a posting is paid; the unit of `rate_fen`."""

    DAY = "day", _("By the day")
    HOUR = "hour", _("By the hour")
    MONTH = "month", _("By the month")
    PIECE = "piece", _("Piece work")


class PieceUnit(models.TextChoices):
    """What a piece is; the first three have codes in the national interface (80, 81, 82)."""

    METRE = "m", _("metre")
    SQUARE_METRE = "m2", _("square metre")
    CUBIC_METRE = "m3", _("cubic metre")
    TONNE = "t", _("tonne")
    PIECE = "piece", _("piece")
    SET = "set", pgettext_lazy("piece unit", "set")
    JOB = "job", _("whole job")


class WorkRole(models.TextChoices):
    """Role on the project, by the national platform's codes."""

    MANAGER = "10", _("Manager")
    WORKER = "20", pgettext_lazy("work role", "Worker")


class RegisteredBy(models.TextChoices):
    """How a posting came into the system."""

    ROSTER = "roster", _("Roster")
    FORM = "form", _("Entered one by one")
    CARD = "card", _("Identity card reader")
    SELF = "self", _("By the worker")
    API = "api", _("Another real-name system")


class LeftReason(models.TextChoices):
    """Why work on a project ended."""

    DONE = "done", _("The work is done")
    RESIGNED = "resigned", _("The worker left")
    DISMISSED = "dismissed", _("Dismissed")
    MOVED = "moved", _("Moved to another project")
    OTHER = "other", pgettext_lazy("reason for leaving", "Other")


class Posting(models.Model):
    """A worker on a project (用工): for whom, in which team, at what rate, from when till when.

    `pin` is the number by which the project's gates know the worker, so that no identity number
    needs to travel to a terminal. A worker has at most one open posting on a project. `rate_fen` is
    per unit of `pay_basis`, of piece work per `piece_unit`. `pay_day` overrides the project's.
    Registered by others, the worker is asked to acknowledge it (`acknowledged_at`) or deny it
    (`denied_at`); `asked_at` and `reminded_at` say when a text message asked them. `settle_by` is the day by which a leaver's wages are due (1994 rules, article 9).
    """

    # Written by the thousand: the key to the project is that of the participation, and the indexes below
    # serve every look-up, so the single-column ones of Django are left out.
    project = models.ForeignKey(
        Project, models.PROTECT, related_name="postings", db_constraint=False, db_index=False
    )
    worker = models.ForeignKey(Worker, models.PROTECT, related_name="postings", db_index=False)
    participation = models.ForeignKey(
        Participation, models.PROTECT, related_name="postings", db_constraint=False, db_index=False
    )
    team = models.ForeignKey(
        Team, models.PROTECT, related_name="postings", db_constraint=False, db_index=False
    )
    pin = models.PositiveIntegerField("闸机编号")
    trade = models.CharField("工种", max_length=40)
    pay_basis = models.CharField("计薪方式", max_length=10, choices=PayBasis.choices, default=PayBasis.DAY)
    rate_fen = models.BigIntegerField("单价（分）")
    piece_unit = models.CharField(
        "计件单位", max_length=6, choices=PieceUnit.choices, blank=True, default="", db_default=""
    )
    pay_day = models.PositiveSmallIntegerField("发薪日", null=True, blank=True)
    work_role = models.CharField(
        "岗位类别", max_length=2, choices=WorkRole.choices, default=WorkRole.WORKER, db_default="20"
    )
    joined_on = models.DateField("进场日")
    left_on = models.DateField("退场日", null=True, blank=True)
    left_reason = models.CharField(
        "退场原因", max_length=10, choices=LeftReason.choices, blank=True, default="", db_default=""
    )
    settle_by = models.DateField("结清期限", null=True, blank=True)
    registered_by = models.CharField(
        "登记方式",
        max_length=6,
        choices=RegisteredBy.choices,
        default=RegisteredBy.ROSTER,
        db_default="roster",
    )
    acknowledged_at = models.DateTimeField("本人确认时间", null=True, blank=True)
    denied_at = models.DateTimeField("本人否认时间", null=True, blank=True)
    asked_at = models.DateTimeField("请本人确认时间", null=True, blank=True)
    reminded_at = models.DateTimeField("提醒时间", null=True, blank=True)
    history = LeanHistory(excluded_fields=["asked_at", "reminded_at"])

    class Meta:
        verbose_name = verbose_name_plural = "用工"
        constraints = [
            models.UniqueConstraint(fields=["project", "pin"], name="posting_pin_once"),
            models.UniqueConstraint(
                fields=["project", "worker"], condition=Q(left_on__isnull=True), name="one_open_posting"
            ),
            models.UniqueConstraint(fields=["project", "worker", "joined_on"], name="posting_once"),
            models.CheckConstraint(condition=Q(rate_fen__gt=0), name="posting_rate_positive"),
            models.CheckConstraint(
                condition=Q(left_on__isnull=True) | Q(left_on__gte=models.F("joined_on")),
                name="posting_leaves_after_joining",
            ),
            models.CheckConstraint(
                condition=Q(pay_day__isnull=True) | Q(pay_day__gte=1, pay_day__lte=28), name="posting_pay_day"
            ),
        ]
        indexes = [
            models.Index(fields=["worker"], name="posting_worker"),
            models.Index(fields=["project", "participation", "team"], name="posting_team"),
            models.Index(
                fields=["project"],
                condition=Q(left_on__isnull=True, acknowledged_at__isnull=True, denied_at__isnull=True)
                & ~Q(registered_by="self"),
                name="posting_to_acknowledge",
            ),
            models.Index(
                fields=["project", "left_on"], condition=Q(left_on__isnull=False), name="posting_leavers"
            ),
        ]

    def __str__(self) -> str:
        return f"posting {self.pk}"
