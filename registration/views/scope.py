"""What pages of one project share: the box under the brand that names the project."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from registration.http import ActorRequest
from registration.models import Project


def set_scope(request: ActorRequest, project: Project) -> None:
    """Name the project in the navigation."""
    request.nav_scope = {  # type: ignore[attr-defined]
        "label": _("Current project"),
        "name": project.name,
        "url": reverse("registration:projects"),
    }
