"""Addresses of the public log. Anybody may read all of it: it holds no personal data."""

from django.urls import path

from wagewatch.evidence import api, views

app_name = "evidence"
urlpatterns = [
    path("verify/", views.verify, name="verify"),
    path("verify/<uuid:pk>/", views.receipt, name="receipt"),
    path("evidence/script", views.script, name="script"),
    path("evidence/key", api.key, name="key"),
    path("evidence/checkpoint", api.checkpoint, name="checkpoint"),
    path("evidence/checkpoint/<int:size>", api.checkpoint, name="checkpoint-at"),
    path("evidence/checkpoints", api.checkpoints, name="checkpoints"),
    path("evidence/entry/<uuid:pk>", api.entry, name="entry"),
    path("evidence/leaves/<int:start>", api.leaves, name="leaves"),
    path("evidence/proof/inclusion/<int:index>/<int:size>", api.inclusion, name="inclusion"),
    path("evidence/proof/consistency/<int:first>/<int:second>", api.consistency, name="consistency"),
]
