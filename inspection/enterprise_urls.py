"""Warnings as firms see them, on the enterprise side, under /warnings/."""

from django.urls import path

from inspection.views import pauses, told

app_name = "warnings"
urlpatterns = [
    path("", told.warnings, name="list"),
    path("pauses/", pauses.firm_pauses, name="pauses"),
    path("pauses/new/<int:project_pk>/", pauses.firm_pause_new, name="pause-new"),
    path("<int:pk>/", told.warning, name="alarm"),
    path("<int:pk>/papers/<int:number>/", told.warning_file, name="file"),
]
