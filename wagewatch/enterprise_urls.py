"""The enterprise side: contractors, owners, banks, workers, terminals (source 1, 3.2.4)."""

from django.urls import include, path

from registration.views.home import home
from wagewatch.shared_urls import handler400, handler403, handler404, handler500
from wagewatch.shared_urls import urlpatterns as shared

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

enterprise = [
    path("", include("registration.urls.enterprise")),
    path("", include("devices.urls")),
    path("", include("payroll.urls")),
    path("", include("inspection.contractor_urls")),
    path("warnings/", include("inspection.enterprise_urls")),
]
urlpatterns = [path("", home, name="home"), *shared, *enterprise]
