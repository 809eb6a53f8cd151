"""Pages of the supervision side, under /supervision/."""

from django.urls import path

from inspection.views import alarms, people, projects, statistics, today

app_name = "inspection"
urlpatterns = [
    path("", today.today, name="today"),
    path("alarms/", alarms.alarms, name="alarms"),
    path("alarms/export/", alarms.alarms_export, name="alarms-export"),
    path("alarms/<int:pk>/", alarms.alarm, name="alarm"),
    path("alarms/rules/", alarms.rules, name="rules"),
    path("projects/", projects.projects, name="projects"),
    path("projects/export/", projects.projects_export, name="projects-export"),
    path("projects/<int:pk>/", projects.project, name="project"),
    path("projects/<int:pk>/months/<str:month>/", projects.project_month, name="project-month"),
    path("people/", people.people, name="people"),
    path("reports/", statistics.report, name="reports"),
    path("reports/export/", statistics.export, name="reports-export"),
    path(
        "projects/<int:project_pk>/months/<str:month>/workers/<int:worker_pk>/",
        people.worker_month,
        name="worker-month",
    ),
    path(
        "projects/<int:project_pk>/months/<str:month>/workers/<int:worker_pk>/full/",
        people.unmasked,
        name="worker-unmask",
    ),
]
