"""Machine interface of the permit offices, under /api/v1/permits/ of the supervision side."""

from django.urls import path

from inspection.views import permit_api

app_name = "permits"
urlpatterns = [
    path("", permit_api.ask, name="ask"),
    path("<str:number>/", permit_api.look_up, name="look-up"),
]
