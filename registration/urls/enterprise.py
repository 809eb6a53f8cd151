"""Pages of contractors and workers."""

from django.urls import path

from registration.views import contract_acts, contracts, people, projects, rosters, worker, worker_contracts

app_name = "registration"
_ONE = "people/<int:project_pk>/"
_CONTRACT = _ONE + "contracts/<int:pk>/"
_OWN_CONTRACT = "contract/<int:project_pk>/<int:pk>/"
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
    path(_ONE + "rosters/template/", rosters.template, name="roster-template"),
    path(_ROSTER, rosters.roster, name="roster"),
    path(_ROSTER + "progress/", rosters.progress, name="roster-progress"),
    path(_ROSTER + "apply/", rosters.apply, name="roster-apply"),
    path(_ROSTER + "again/", rosters.again, name="roster-again"),
    path(_ROSTER + "discard/", rosters.discard, name="roster-discard"),
    path(_ROSTER + "refused/", rosters.refused, name="roster-refused"),
    path(_ONE + "contracts/", contracts.contracts, name="contracts"),
    path(_ONE + "contracts/draft/", contract_acts.draft, name="contracts-draft"),
    path(_ONE + "contracts/paper/", contract_acts.paper, name="contracts-paper"),
    path(_ONE + "contracts/offer/", contract_acts.offer, name="contracts-offer"),
    path(_ONE + "contracts/sign/", contract_acts.sign, name="contracts-sign"),
    path(_CONTRACT, contracts.contract, name="contract"),
    path(_CONTRACT + "file/", contracts.contract_file, name="contract-file"),
    path(_CONTRACT + "withdraw/", contract_acts.withdraw, name="contract-withdraw"),
    path(_CONTRACT + "terminate/", contract_acts.terminate, name="contract-terminate"),
    path(_CONTRACT + "renew/", contract_acts.renew, name="contract-renew"),
    path("me/", worker.me, name="worker-me"),
    path("contract/", worker.contract, name="worker-contract"),
    path(_OWN_CONTRACT, worker_contracts.read, name="worker-contract-read"),
    path(_OWN_CONTRACT + "sign/", worker_contracts.sign, name="worker-contract-sign"),
    path(_OWN_CONTRACT + "refuse/", worker_contracts.refuse, name="worker-contract-refuse"),
    path(_OWN_CONTRACT + "file/", worker_contracts.document, name="worker-contract-file"),
]
