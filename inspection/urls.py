"""Pages of the supervision side, under /supervision/."""

from django.urls import path

from inspection.views import (
    alarms,
    bulletins,
    citizen_cards,
    contracts,
    deposits,
    firms,
    late,
    oddities,
    people,
    person,
    projects,
    statistics,
    today,
)

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
    path("projects/<int:pk>/changed-days/", late.changed_days, name="changed-days"),
    path("projects/<int:pk>/changed-days/export/", late.changed_days_export, name="changed-days-export"),
    path("projects/<int:pk>/contracts/", contracts.contracts, name="contracts"),
    path("projects/<int:project_pk>/contracts/<int:pk>/", contracts.contract, name="contract"),
    path("projects/<int:project_pk>/contracts/<int:pk>/file/", contracts.contract_file, name="contract-file"),
    path("for-workers/", bulletins.bulletin_list, name="bulletins"),
    path("for-workers/new/", bulletins.bulletin_new, name="bulletin-new"),
    path("for-workers/<int:pk>/", bulletins.bulletin_edit, name="bulletin-edit"),
    path("contract-wordings/", contracts.templates, name="templates"),
    path("contract-wordings/new/", contracts.template_new, name="template-new"),
    path("contract-wordings/<int:pk>/", contracts.template, name="template"),
    path("projects/deposits/", deposits.deposits, name="deposits"),
    path("projects/deposits/export/", deposits.deposits_export, name="deposits-export"),
    path("projects/deposits/<int:pk>/", deposits.deposit, name="deposit"),
    path("projects/deposits/<int:pk>/papers/<int:number>/", deposits.deposit_file, name="deposit-file"),
    path("projects/deposits/<int:pk>/<slug:kind>/", deposits.deposit_rule, name="deposit-rule"),
    path("projects/firms/<int:pk>/arrears/", deposits.firm_record, name="firm-record"),
    path("projects/<int:pk>/breach/", firms.breach, name="project-breach"),
    path("projects/firms/<int:pk>/", firms.firm, name="firm"),
    path("projects/firms/<int:pk>/account/", firms.account, name="firm-account"),
    path("projects/odd-attendance/", oddities.oddities, name="oddities"),
    path("projects/odd-attendance/export/", oddities.oddities_export, name="oddities-export"),
    path("people/", people.people, name="people"),
    path("reports/", statistics.report, name="reports"),
    path("reports/export/", statistics.export, name="reports-export"),
    path("citizen-cards/", citizen_cards.citizen_cards, name="citizen-cards"),
    path("projects/<int:project_pk>/people/<int:worker_pk>/", person.person, name="person"),
    path("projects/<int:project_pk>/people/<int:worker_pk>/photo/", person.photo, name="person-photo"),
    path(
        "projects/<int:project_pk>/people/<int:worker_pk>/identity/", person.identity, name="person-identity"
    ),
    path(
        "projects/<int:project_pk>/months/<str:month>/workers/<int:worker_pk>/",
        people.worker_month,
        name="worker-month",
    ),
    path(
        "projects/<int:project_pk>/months/<str:month>/workers/<int:worker_pk>/said/<int:pk>/<slug:what>/",
        people.said,
        name="worker-said",
    ),
    path(
        "projects/<int:project_pk>/months/<str:month>/workers/<int:worker_pk>/full/",
        people.unmasked,
        name="worker-unmask",
    ),
]
