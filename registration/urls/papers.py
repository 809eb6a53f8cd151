"""Trainings, certificates and citizen cards of a project, and the worker's own."""

from django.urls import path

from registration.views import certificates, citizen_cards, trainings, worker_papers

_ONE = "people/<int:project_pk>/"
_TRAINING = _ONE + "trainings/<int:pk>/"
_CERTIFICATE = _ONE + "<int:worker_pk>/certificates/"
PATHS = [
    path(_ONE + "trainings/", trainings.trainings, name="trainings"),
    path(_ONE + "trainings/lacking/", trainings.trainings_lacking, name="trainings-lacking"),
    path(_ONE + "trainings/new/", trainings.training_new, name="training-new"),
    path(_TRAINING, trainings.training, name="training"),
    path(_TRAINING + "add/", trainings.training_add, name="training-add"),
    path(_TRAINING + "results/", trainings.training_result, name="training-result"),
    path(_TRAINING + "edit/", trainings.training_edit, name="training-edit"),
    path(_TRAINING + "delete/", trainings.training_delete, name="training-delete"),
    path(_TRAINING + "record/", trainings.training_record, name="training-record"),
    path(_ONE + "certificates/", certificates.certificates, name="certificates"),
    path(_CERTIFICATE + "new/", certificates.certificate_new, name="certificate-new"),
    path(_CERTIFICATE + "<int:pk>/", certificates.certificate_edit, name="certificate-edit"),
    path(_CERTIFICATE + "<int:pk>/remove/", certificates.certificate_remove, name="certificate-remove"),
    path(_CERTIFICATE + "<int:pk>/scan/", certificates.certificate_scan, name="certificate-scan"),
    path(_ONE + "citizen-cards/", citizen_cards.citizen_cards, name="citizen-cards"),
    path(_ONE + "citizen-cards/steps/", citizen_cards.citizen_cards_step, name="citizen-cards-step"),
    path(_ONE + "citizen-cards/import/", citizen_cards.citizen_cards_import, name="citizen-cards-import"),
    path(_ONE + "citizen-cards/<int:pk>/", citizen_cards.citizen_card, name="citizen-card"),
    path("me/trainings/", worker_papers.worker_trainings, name="worker-trainings"),
    path("me/citizen-card/", worker_papers.worker_citizen_card, name="worker-citizen-card"),
]
