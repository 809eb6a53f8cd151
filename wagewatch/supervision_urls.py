"""The supervision side: authorities only; no page that writes pay sheets or payments exists here."""

from django.urls import include, path

from registration.views.home import home
from wagewatch.shared_urls import handler400, handler403, handler404, handler500
from wagewatch.shared_urls import urlpatterns as shared

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

supervision = [
    path("supervision/", include("inspection.urls")),
    path("api/v1/permits/", include("inspection.permit_urls")),
]
urlpatterns = [path("", home, name="home"), *shared, *supervision]
