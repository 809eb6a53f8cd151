"""Notices of whoever is signed in, on both sides, under /notices/."""

from django.urls import path

from inspection.views import inbox

app_name = "notices"
urlpatterns = [
    path("", inbox.inbox, name="list"),
    path("<int:pk>/", inbox.inbox_open, name="open"),
    path("read/", inbox.inbox_read_all, name="read-all"),
    path("how/", inbox.inbox_choice, name="choice"),
]
