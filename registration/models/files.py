"""Files that people upload or that the system makes: scans, signed contracts, certificates."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from registration.models.accounts import User
from wagewatch.lib.fields import EncryptedBytesField


class StoredFile(models.Model):
    """A file kept encrypted. Who may read it is decided by the record that points to it, never by its id."""

    class Kind(models.TextChoices):
        CONTRACT = "contract", _("Contract")
        CERTIFICATE = "certificate", _("Certificate")
        AGREEMENT = "agreement", _("Agreement")
        PHOTO = "photo", _("Photo")
        VOICE = "voice", _("Voice note")
        OTHER = "other", _("Other file")

    kind = models.CharField("类别", max_length=12, choices=Kind.choices)
    name = models.CharField("文件名", max_length=200)
    content_type = models.CharField("类型", max_length=80)
    size = models.PositiveIntegerField("字节")
    sha256 = models.BinaryField(max_length=32)
    content = EncryptedBytesField("内容", context="file.content")
    uploaded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    uploaded_at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "文件"

    def __str__(self) -> str:
        return f"file {self.pk}"
