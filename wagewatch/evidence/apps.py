"""The evidence log as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EvidenceConfig(AppConfig):
    """Label `evidence`; needs no other app of ours."""

    name = "wagewatch.evidence"
    label = "evidence"
    verbose_name = _("Evidence log")
