"""Pages of contractors and workers."""

from django.urls import path

from registration.views import (
    join,
    joins,
    leavers,
    notices,
    people,
    projects,
    rosters,
    worker,
    worker_postings,
)

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
    path(_ONE + "<int:worker_pk>/leave/undo/", leavers.undo, name="person-leave-undo"),
    path(_ONE + "leave/", leavers.together, name="people-leave"),
    path(_ONE + "notices/", notices.notices, name="notices"),
    path(_ONE + "notices/<int:pk>/", notices.answer, name="notice"),
    path(_ONE + "joins/", joins.requests, name="site-joins"),
    path(_ONE + "joins/<int:pk>/", joins.request_page, name="site-join"),
    path(_ONE + "join-code/", joins.code, name="site-join-code"),
    path(_ONE + "join-code/poster/", joins.poster, name="site-join-poster"),
    path(_ONE + "rosters/", rosters.upload, name="roster-upload"),
    path(_ONE + "rosters/template/", rosters.template, name="roster-template"),
    path(_ROSTER, rosters.roster, name="roster"),
    path(_ROSTER + "progress/", rosters.progress, name="roster-progress"),
    path(_ROSTER + "apply/", rosters.apply, name="roster-apply"),
    path(_ROSTER + "again/", rosters.again, name="roster-again"),
    path(_ROSTER + "discard/", rosters.discard, name="roster-discard"),
    path(_ROSTER + "refused/", rosters.refused, name="roster-refused"),
    path("join/<str:code>/", join.join, name="join"),
    path("join/<str:code>/code/", join.phone, name="join-phone"),
    path("join/<str:code>/state/", join.state, name="join-state"),
    path("join/<str:code>/who/", join.who, name="join-who"),
    path("join/<str:code>/work/", join.work, name="join-work"),
    path("join/<str:code>/card/", join.card, name="join-card"),
    path("join/<str:code>/send/", join.send, name="join-send"),
    path("my/work/<int:project_pk>/<int:pk>/", worker_postings.posting, name="worker-posting"),
    path("my/work/<int:project_pk>/<int:pk>/not-me/", worker_postings.not_me, name="worker-posting-deny"),
    path("my/work/<int:project_pk>/<int:pk>/wrong/", worker_postings.wrong, name="worker-posting-wrong"),
    path("my/work/<int:project_pk>/<int:pk>/leave/", worker_postings.leave, name="worker-posting-leave"),
    path("me/", worker.me, name="worker-me"),
    path("contract/", worker.contract, name="worker-contract"),
]
