"""What both sides serve: sign-in, evidence, health, language, the interface document."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from wagewatch import health, views

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("language/", include("django.conf.urls.i18n")),
    path("accounts/", include("registration.urls.accounts")),
    path("", include("wagewatch.evidence.urls")),
    path("notices/", include("inspection.notice_urls")),
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("look/", views.gallery, name="gallery"),
]

handler400 = "wagewatch.views.bad_request"
handler403 = "wagewatch.views.permission_denied"
handler404 = "wagewatch.views.page_not_found"
handler500 = "wagewatch.views.server_error"
