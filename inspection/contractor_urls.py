"""Pages of the supervision side's knowledge that firms may see of their own projects."""

from django.urls import path

from inspection.views import permit_contractor

app_name = "supervised"
urlpatterns = [
    path("projects/<int:pk>/permit/", permit_contractor.permit, name="permit"),
]
