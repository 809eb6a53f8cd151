"""Pages of contractors and workers."""

from django.urls import path

from registration.views import people, people_files, person_edit, person_new, projects, rosters, worker

app_name = "registration"
_ONE = "people/<int:project_pk>/"
_ROSTER = _ONE + "rosters/<int:pk>/"
urlpatterns = [
    path("projects/", projects.projects, name="projects"),
    path("projects/<int:pk>/", projects.project, name="project"),
    path("people/", projects.people, name="people"),
    path(_ONE, people.people, name="people"),
    path(_ONE + "export/", people.export, name="people-export"),
    path(_ONE + "new/", person_new.person_new, name="person-new"),
    path(_ONE + "files/", people_files.files, name="people-files"),
    path(_ONE + "<int:worker_pk>/", people.person, name="person"),
    path(_ONE + "<int:worker_pk>/unmask/", people.unmasked, name="person-unmask"),
    path(_ONE + "<int:worker_pk>/card/", people.card, name="person-card"),
    path(_ONE + "<int:worker_pk>/leave/", people.leaving, name="person-leave"),
    path(_ONE + "<int:worker_pk>/photo/", person_edit.photo, name="person-photo"),
    path(_ONE + "<int:worker_pk>/details/", person_edit.details, name="person-details"),
    path(_ONE + "<int:worker_pk>/identity/", person_edit.identity, name="person-identity"),
    path(_ONE + "<int:worker_pk>/agreement/", person_edit.agreement, name="person-agreement"),
    path(_ONE + "<int:worker_pk>/file/", people_files.personal_file, name="person-file"),
    path(_ONE + "rosters/", rosters.upload, name="roster-upload"),
    path(_ONE + "rosters/template/", rosters.template, name="roster-template"),
    path(_ROSTER, rosters.roster, name="roster"),
    path(_ROSTER + "progress/", rosters.progress, name="roster-progress"),
    path(_ROSTER + "apply/", rosters.apply, name="roster-apply"),
    path(_ROSTER + "again/", rosters.again, name="roster-again"),
    path(_ROSTER + "discard/", rosters.discard, name="roster-discard"),
    path(_ROSTER + "refused/", rosters.refused, name="roster-refused"),
    path("me/", worker.me, name="worker-me"),
    path("contract/", worker.contract, name="worker-contract"),
]
