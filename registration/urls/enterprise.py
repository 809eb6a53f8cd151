"""Pages of contractors and workers."""

from django.urls import path

from registration.views import people, projects, roster_columns, roster_files, rosters, worker

app_name = "registration"
_ONE = "people/<int:project_pk>/"
_ROSTER = _ONE + "rosters/<int:pk>/"
urlpatterns = [
    path("projects/", projects.projects, name="projects"),
    path("projects/<int:pk>/", projects.project, name="project"),
    path("people/", projects.people, name="people"),
    path(_ONE, people.people, name="people"),
    path(_ONE + "export/", people.export, name="people-export"),
    path(_ONE + "<int:worker_pk>/", people.person, name="person"),
    path(_ONE + "<int:worker_pk>/unmask/", people.unmasked, name="person-unmask"),
    path(_ONE + "<int:worker_pk>/card/", people.card, name="person-card"),
    path(_ONE + "<int:worker_pk>/leave/", people.leaving, name="person-leave"),
    path(_ONE + "rosters/", rosters.upload, name="roster-upload"),
    path(_ONE + "rosters/template/", roster_files.template, name="roster-template"),
    path(_ROSTER, rosters.roster, name="roster"),
    path(_ROSTER + "progress/", rosters.progress, name="roster-progress"),
    path(_ROSTER + "apply/", rosters.apply, name="roster-apply"),
    path(_ROSTER + "again/", rosters.again, name="roster-again"),
    path(_ROSTER + "columns/", roster_columns.columns, name="roster-columns"),
    path(_ROSTER + "columns/forget/", roster_columns.forget, name="roster-columns-forget"),
    path(_ROSTER + "discard/", rosters.discard, name="roster-discard"),
    path(_ROSTER + "refused/", roster_files.refused, name="roster-refused"),
    path("me/", worker.me, name="worker-me"),
    path("contract/", worker.contract, name="worker-contract"),
]
