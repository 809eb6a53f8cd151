"""Where workers are signed in, and how often somebody knocked at a door without sign-in."""

from django.db import models

from registration.models.people import Worker
from wagewatch.lib.fields import EncryptedTextField


class WorkerDevice(models.Model):
    """A phone on which a worker signed in by code; the session names it and ends when this ends.

    `label` is what the browser says about itself, in a few words; nothing else of the phone is kept.
    """

    worker = models.ForeignKey(Worker, models.CASCADE, related_name="devices")
    label = models.CharField("设备", max_length=60)
    signed_in_at = models.DateTimeField("登录时间")
    seen_at = models.DateTimeField("最近使用")
    ended_at = models.DateTimeField("退出时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "本人设备"
        indexes = [
            models.Index(
                fields=["worker", "-seen_at"],
                name="device_of_worker",
                condition=models.Q(ended_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"device {self.pk}"


class PushSubscription(models.Model):
    """A phone on which a worker switched notices on: the address and keys that its browser made for us (RFC 8030).

    Whoever has the address could send junk to the phone, so it is kept like personal data. `fails` counts calls
    in a row that the push service did not take.
    """

    device = models.OneToOneField(WorkerDevice, models.CASCADE, related_name="push")
    endpoint = EncryptedTextField("推送地址", context="push.endpoint")
    endpoint_index = models.BinaryField(max_length=32, unique=True)
    p256dh = EncryptedTextField("公钥", context="push.p256dh")
    auth = EncryptedTextField("密钥", context="push.auth")
    made_at = models.DateTimeField("开启时间")
    fails = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = verbose_name_plural = "手机通知"

    def __str__(self) -> str:
        return f"push {self.pk}"


class Attempt(models.Model):
    """One knock at a door that is open to everybody, counted per hour and forgotten after a day.

    `who_index` is a blind index (of a network address, of a complaint's number); `hour` is the full hour, so
    that an anonymous sender cannot be found by the minute.
    """

    door = models.CharField(max_length=20)
    who_index = models.BinaryField(max_length=32)
    hour = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = verbose_name_plural = "访问次数"
        constraints = [models.UniqueConstraint(fields=["door", "who_index", "hour"], name="attempt_hour")]

    def __str__(self) -> str:
        return f"{self.door} {self.hour:%F %H}"
