"""Accounts of firms: invited by a link that works once, ended, given back; nobody gets in by the side."""

import re
import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.urls import reverse

from registration.models import Invitation, Membership, Organisation, Participation, Role, User
from registration.services import staff
from tests.cast import NOW, PASSWORD, Cast, add_agency, build_cast, make_user
from wagewatch.lib.errors import NotFound, NotPermitted, RuleViolation
from wagewatch.lib.identity import make_uscc

GOOD = "春天的工地上有风"


def who(cast: Cast, user: User) -> dict[str, Any]:
    return {"actor": cast.actor(user), "now": NOW}


def refused(code: str, call: Any, *args: Any, **kwargs: Any) -> None:
    before = User.objects.count(), Membership.objects.count(), Invitation.objects.count()
    with pytest.raises(RuleViolation) as caught:
        call(*args, **kwargs)
    assert caught.value.code == code
    assert (User.objects.count(), Membership.objects.count(), Invitation.objects.count()) == before


def newcomer(cast: Cast, kind: str = "agency", role: str = "agency") -> Participation:
    firm = Organisation.objects.create(
        uscc=make_uscc("330703", "MA28NEW09"), name="新来劳务派遣有限公司", kind=kind, region_id="330703"
    )
    return Participation.objects.create(
        project=cast.project,
        organisation=firm,
        role=role,
        parent=cast.sc_part,
        manager_name="贺仁",
        licence="1",
    )


@pytest.fixture
def at_now(cast: Cast) -> Any:
    with time_machine.travel(NOW, tick=False):
        yield cast


def test_from_invitation_to_signed_in(at_now: Cast) -> None:
    """Qian engaged an agency; its clerk opens the link, sees who invites to what, chooses a password, is in."""
    cast = at_now
    part = newcomer(cast)
    inviter = cast.client(cast.qian)
    page = inviter.get(reverse("registration:chain", args=[cast.project.pk])).content.decode()
    address = reverse("registration:part-invite", args=[cast.project.pk, part.pk])
    assert address in page
    shown = inviter.post(address, {"name": "兰晓", "username": "Lan.Xiao", "role": "agency_clerk"})
    assert shown.status_code == 200
    assert "no-store" in shown["Cache-Control"]
    link = re.search(r"/accounts/invitation/([\w-]{43})/", shown.content.decode())
    assert link
    assert link[0] == reverse("accounts:invitation-open", args=[link[1]]) == staff.invitation_path(link[1])
    row = Invitation.objects.get()
    assert link[1].encode() not in bytes(row.token_hash)
    assert row.expires_at == NOW + timedelta(days=7)

    guest = Client()
    assert guest.get(link[0]).status_code == 302
    page = guest.get(reverse("accounts:invitation")).content.decode()
    for word in ("兰晓", "钱文娟", "新来劳务派遣有限公司", "lan.xiao"):
        assert word in page
    assert link[1] not in page
    for wrong in (
        {"new": "short", "again": "short"},
        {"new": GOOD * 2, "again": GOOD},
        {"new": "password123456"},
    ):
        assert guest.post(reverse("accounts:invitation"), wrong).status_code == 400
    done = guest.post(reverse("accounts:invitation"), {"new": GOOD * 2, "again": GOOD * 2})
    assert (done.status_code, done["Location"]) == (302, reverse("home"))
    assert guest.get(reverse("registration:project", args=[cast.project.pk])).status_code == 200
    user = User.objects.get(username="lan.xiao")
    assert user.check_password(GOOD * 2)
    assert list(Membership.objects.filter(user=user).values_list("organisation", "role")) == [
        (part.organisation_id, "agency_clerk")
    ]
    again = Client()
    assert again.get(link[0]).status_code == 409, "used once"
    assert again.get(reverse("accounts:invitation")).status_code == 302
    page = inviter.get(reverse("registration:chain", args=[cast.project.pk])).content.decode()
    assert address not in page, "nobody waits any more"


def test_a_link_grows_old_and_a_new_one_replaces_it(cast: Cast) -> None:
    part = newcomer(cast)
    first = staff.invite_first_clerk(cast.project.pk, part.pk, "lan", "兰晓", **who(cast, cast.qian))
    assert staff.open_invitation(first.token, now=NOW + timedelta(days=7, seconds=-1))
    with pytest.raises(RuleViolation):
        staff.open_invitation(first.token, now=NOW + timedelta(days=7))
    second = staff.renew_first_invitation(cast.project.pk, part.pk, **who(cast, cast.qian))
    with pytest.raises(RuleViolation):
        staff.open_invitation(first.token, now=NOW)
    invitation = staff.open_invitation(second.token, now=NOW)
    staff.accept_invitation(invitation.pk, GOOD, now=NOW)
    refused("invitation.open", staff.renew_first_invitation, cast.project.pk, part.pk, **who(cast, cast.qian))
    refused("invitation.has_account", staff.invite_first_clerk, cast.project.pk, part.pk, "other", "别人",
            **who(cast, cast.qian))  # fmt: skip
    with pytest.raises(RuleViolation) as caught:
        staff.open_invitation("x" * 43, now=NOW)
    assert caught.value.code == "invitation.spent"


def test_an_ended_membership_ends_its_invitation(cast: Cast) -> None:
    made = staff.invite_colleague(cast.gc.pk, "xin", "新人", Role.SITE, **who(cast, cast.he))
    staff.end_membership(cast.gc.pk, made.membership.pk, **who(cast, cast.he))
    with pytest.raises(RuleViolation):
        staff.open_invitation(made.token, now=NOW)


def test_a_taken_user_name_is_refused_without_telling_whose(cast: Cast) -> None:
    part = newcomer(cast)
    page = cast.client(cast.qian).post(
        reverse("registration:part-invite", args=[cast.project.pk, part.pk]),
        {"name": "兰晓", "username": "kong", "role": "agency_clerk"},
    )
    assert page.status_code == 400
    text = page.content.decode()
    assert cast.kong.name not in text
    assert str(cast.rival) not in text
    assert Membership.objects.filter(organisation=part.organisation).count() == 0
    for wrong in ("ab", "1abc", "甲乙丙", "a b c", "a" * 41):
        refused("invitation.username", staff.invite_first_clerk, cast.project.pk, part.pk, wrong, "兰晓",
                **who(cast, cast.qian))  # fmt: skip


def test_only_those_above_invite_the_first_clerk(cast: Cast) -> None:
    part = newcomer(cast)
    for user, error in ((cast.kong, NotFound), (cast.guard, NotPermitted), (cast.ye, NotPermitted)):
        with pytest.raises(error):
            staff.invite_first_clerk(cast.project.pk, part.pk, "lan", "兰晓", **who(cast, user))
    assert staff.invite_first_clerk(cast.project.pk, part.pk, "lan", "兰晓", **who(cast, cast.zhao)).token


def test_a_link_opens_no_books_of_another_contractor(cast: Cast) -> None:
    """The agency also works on the rival's project: whoever invites for it would see that part too."""
    part = newcomer(cast)
    Participation.objects.create(
        project=cast.other_project, organisation=part.organisation, role="agency", parent=cast.other_part
    )
    refused("invitation.elsewhere", staff.invite_first_clerk, cast.project.pk, part.pk, "lan", "兰晓",
            **who(cast, cast.zhao))  # fmt: skip
    with pytest.raises(NotFound):
        staff.open_first_account(cast.bank.pk, "lan", "兰晓", "agency_clerk", **who(cast, cast.li))
    refused("invitation.role", staff.open_first_account, part.organisation_id, "lan", "兰晓", "gc_manager",
            **who(cast, cast.li))  # fmt: skip
    made = staff.open_first_account(part.organisation_id, "lan", "兰晓", "agency_clerk", **who(cast, cast.li))
    assert made.membership.organisation == part.organisation
    with pytest.raises(NotPermitted):
        staff.renew_first_invitation(cast.project.pk, part.pk, **who(cast, cast.guard))
    refused("invitation.has_account", staff.renew_first_invitation, cast.project.pk, part.pk,
            **who(cast, cast.zhao))  # fmt: skip


def test_the_owner_of_several_contractors_projects_is_not_invited_by_one_of_them(cast: Cast) -> None:
    Membership.objects.filter(organisation=cast.owner).update(is_active=False)
    refused("invitation.elsewhere", staff.invite_first_clerk, cast.project.pk, cast.owner_part.pk, "ye2", "叶",
            **who(cast, cast.he))  # fmt: skip


@pytest.mark.parametrize(("who_invites", "roles"), [
    ("he", {"gc_clerk", "gc_manager", "site"}), ("qian", {"sc_clerk"}), ("ye", {"owner_clerk"}), ("zhao", set()),
    ("guard", set()), ("officer", set()),
])  # fmt: skip
def test_who_may_invite_whom(cast: Cast, who_invites: str, roles: set[str]) -> None:
    user = getattr(cast, who_invites)
    firm = Membership.objects.get(user=user).organisation
    assert firm
    assert set(staff.roles_to_invite(cast.actor(user), firm.pk)) == roles
    for role in Role.values:
        if role in roles:
            made = staff.invite_colleague(
                firm.pk, f"new-{role.replace('_', '-')}", "新人", role, **who(cast, user)
            )
            assert not made.user.has_usable_password()
        else:
            with pytest.raises((RuleViolation, NotPermitted, NotFound)):
                staff.invite_colleague(firm.pk, f"no-{role}", "新人", role, **who(cast, user))
    assert User.objects.filter(username__startswith="no-").count() == 0


def test_another_firms_accounts_do_not_exist(cast: Cast) -> None:
    kongs = Membership.objects.get(user=cast.kong)
    for call in (staff.end_membership, staff.restore_membership, staff.renew_invitation):
        with pytest.raises(NotFound):
            call(cast.rival.pk, kongs.pk, **who(cast, cast.he))
        with pytest.raises(NotFound):
            call(cast.gc.pk, kongs.pk, **who(cast, cast.he))
    with pytest.raises(NotFound):
        staff.invite_colleague(cast.rival.pk, "spy", "间谍", "gc_clerk", **who(cast, cast.he))
    assert cast.client(cast.he).get(f"/staff/?firm={cast.rival.pk}").status_code == 404
    assert "孔令飞" not in cast.client(cast.he).get("/staff/").content.decode()


def test_a_role_ends_at_once_and_can_be_given_back(cast: Cast) -> None:
    member = Membership.objects.get(user=cast.zhao)
    client = cast.client(cast.zhao)
    place = reverse("registration:project", args=[cast.project.pk])
    assert client.get(place).status_code == 200
    staff.end_membership(cast.gc.pk, member.pk, **who(cast, cast.he))
    assert client.get(place).status_code == 404
    refused("staff.ended", staff.end_membership, cast.gc.pk, member.pk, **who(cast, cast.he))
    staff.restore_membership(cast.gc.pk, member.pk, **who(cast, cast.he))
    assert client.get(place).status_code == 200
    refused("staff.active", staff.restore_membership, cast.gc.pk, member.pk, **who(cast, cast.he))
    assert list(member.history.order_by("history_id").values_list("is_active", flat=True)) == [
        True,
        False,
        True,
    ]


def test_nobody_ends_their_own_last_role_or_the_last_who_can_invite(cast: Cast) -> None:
    own = Membership.objects.get(user=cast.he)
    refused("staff.own_last", staff.end_membership, cast.gc.pk, own.pk, **who(cast, cast.he))
    other = Membership.objects.create(user=cast.he, organisation=cast.gc, role=Role.GC_CLERK)
    refused("staff.nobody_left", staff.end_membership, cast.gc.pk, own.pk, **who(cast, cast.he))
    staff.end_membership(cast.gc.pk, other.pk, **who(cast, cast.he))
    with pytest.raises(NotPermitted):
        staff.end_membership(cast.gc.pk, own.pk, **who(cast, cast.zhao))


def test_the_pace_of_invitations_is_bounded(cast: Cast) -> None:
    for n in range(20):
        staff.invite_colleague(cast.gc.pk, f"guard{n}", "门卫", Role.SITE, **who(cast, cast.he))
    refused("invitation.many", staff.invite_colleague, cast.gc.pk, "guard20", "门卫", Role.SITE,
            **who(cast, cast.he))  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_two_managers_who_end_each_other_leave_one(transactional_db: None) -> None:
    cast = build_cast()
    second = make_user("he2", "何二", Role.GC_MANAGER, cast.gc)
    barrier, outcomes = threading.Barrier(2), []

    def end(user: User, victim: User) -> None:
        actor = cast.actor(user)
        barrier.wait()
        try:
            pk = Membership.objects.get(user=victim).pk
            staff.end_membership(cast.gc.pk, pk, actor=actor, now=NOW)
            outcomes.append("ended")
        except (NotPermitted, RuleViolation) as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=end, args=pair) for pair in ((cast.he, second), (second, cast.he))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["ended", "not_permitted"]
    assert Membership.objects.filter(role=Role.GC_MANAGER, is_active=True).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_link_used_twice_at_once_sets_one_password(transactional_db: None) -> None:
    cast = build_cast()
    made = staff.invite_colleague(cast.gc.pk, "xin", "新人", Role.SITE, **who(cast, cast.he))
    pk = staff.open_invitation(made.token, now=NOW).pk
    barrier, outcomes = threading.Barrier(2), []

    def accept(password: str) -> None:
        barrier.wait()
        try:
            staff.accept_invitation(pk, password, now=NOW)
            outcomes.append(password)
        except RuleViolation as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=accept, args=(f"{PASSWORD}-{n}",)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winner = next(o for o in outcomes if o != "invitation.spent")
    assert "invitation.spent" in outcomes
    assert User.objects.get(username="xin").check_password(winner)


def test_the_list_shows_who_waits(at_now: Cast) -> None:
    cast = at_now
    client = cast.client(cast.he)
    shown = client.post(f"/staff/{cast.gc.pk}/invite/", {"name": "新门卫", "username": "men", "role": "site"})
    assert "/accounts/invitation/" in shown.content.decode()
    text = client.get("/staff/").content.decode()
    for word in ("新门卫", "赵春燕", "马有田"):
        assert word in text
    member = Membership.objects.get(user__username="men")
    assert client.post(f"/staff/{cast.gc.pk}/{member.pk}/link/").status_code == 200
    assert client.get(f"/staff/{cast.gc.pk}/{member.pk}/end/").status_code == 200
    assert client.post(f"/staff/{cast.gc.pk}/{member.pk}/end/").status_code == 302
    assert client.post(f"/staff/{cast.gc.pk}/{member.pk}/restore/").status_code == 302
    clerk = cast.client(cast.zhao)
    assert clerk.get("/staff/").status_code == 200
    assert clerk.get(f"/staff/{cast.gc.pk}/invite/").status_code == 403
    assert clerk.post(f"/staff/{cast.gc.pk}/{member.pk}/end/").status_code == 403
    agency = add_agency(cast)
    assert cast.client(agency.lan).get(f"/staff/{cast.gc.pk}/invite/").status_code == 404
