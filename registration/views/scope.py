"""What pages of one project share: the box under the brand that names the project."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from registration.http import ActorRequest
from registration.models import Project
from registration.templatetags.named import named


def set_scope(request: ActorRequest, project: Project) -> None:
    """Name the project in the navigation."""
    request.nav_scope = {  # type: ignore[attr-defined]
        "label": _("Current project"),
        "name": named(project),
        "url": reverse("registration:projects"),
    }
