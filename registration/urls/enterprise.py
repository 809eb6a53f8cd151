"""Pages of contractors and workers."""

from django.urls import path

from registration.views import chain, people, project_edit, projects, rosters, staff, worker

app_name = "registration"
_ONE = "people/<int:project_pk>/"
_CHAIN = "projects/<int:pk>/chain/"
_PART = _CHAIN + "<int:part_pk>/"
_ROSTER = _ONE + "rosters/<int:pk>/"
urlpatterns = [
    path("projects/", projects.projects, name="projects"),
    path("projects/new/", project_edit.new, name="project-new"),
    path("projects/<int:pk>/", projects.project, name="project"),
    path("projects/<int:pk>/edit/", project_edit.edit, name="project-edit"),
    path(_CHAIN, chain.chain, name="chain"),
    path(_CHAIN + "add/", chain.add, name="chain-add"),
    path(_PART, chain.part, name="part"),
    path(_PART + "end/", chain.end, name="part-end"),
    path(_PART + "back/", chain.come_back, name="part-back"),
    path(_PART + "invite/", chain.invite, name="part-invite"),
    path(_PART + "teams/new/", chain.team_new, name="team-new"),
    path("projects/<int:pk>/teams/<int:team_pk>/", chain.team, name="team"),
    path("staff/", staff.staff, name="staff"),
    path("staff/<int:firm_pk>/invite/", staff.invite, name="staff-invite"),
    path("staff/<int:firm_pk>/<int:pk>/link/", staff.link, name="staff-link"),
    path("staff/<int:firm_pk>/<int:pk>/end/", staff.end, name="staff-end"),
    path("staff/<int:firm_pk>/<int:pk>/restore/", staff.restore, name="staff-restore"),
    path("people/", projects.people, name="people"),
    path(_ONE, people.people, name="people"),
    path(_ONE + "export/", people.export, name="people-export"),
    path(_ONE + "<int:worker_pk>/", people.person, name="person"),
    path(_ONE + "<int:worker_pk>/unmask/", people.unmasked, name="person-unmask"),
    path(_ONE + "<int:worker_pk>/card/", people.card, name="person-card"),
    path(_ONE + "<int:worker_pk>/leave/", people.leaving, name="person-leave"),
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
