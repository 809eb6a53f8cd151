"""Sign-in. Workers have no entrance on the supervision side."""

from django.conf import settings
from django.urls import path

from registration.views import accounts, invitations, tablet_door, worker_accounts

app_name = "accounts"
urlpatterns = [
    path("sign-in/", accounts.sign_in, name="sign-in"),
    path("second-step/", accounts.second_factor, name="second-factor"),
    path("second-step/set-up/", accounts.set_up_second_factor, name="second-factor-set-up"),
    path("sign-out/", accounts.sign_out, name="sign-out"),
    path("password/", accounts.change_password, name="password"),
]
if settings.SIDE != "supervision":
    urlpatterns += [
        path("worker/", worker_accounts.worker_sign_in, name="worker-sign-in"),
        path("worker/code/", worker_accounts.worker_code, name="worker-code"),
        path("worker/which/", worker_accounts.worker_which, name="worker-which"),
        path("tablet/", tablet_door.door, name="tablet"),
        path("tablet/here/", tablet_door.here, name="tablet-here"),
        path("invitation/", invitations.invitation, name="invitation"),
        path("invitation/<str:token>/", invitations.open_link, name="invitation-open"),
        path("outbox/", worker_accounts.outbox, name="outbox"),
    ]
