"""Workers without a phone sign their contract at the site's tablet, and everybody can see how."""

import base64
from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from registration.models import ContractSignature, LabourContract, Posting, TabletVisit, Worker
from registration.services import contract_documents, contract_offers, contract_signing
from tests.cast import NOW, Cast, make_posting
from tests.payroll.stage import blank, signature
from tests.registration import contracts as stage
from tests.registration.test_tablets import by_code, code_for, lay_down, set_up
from wagewatch.evidence.audit import audit
from wagewatch.evidence.models import Entry
from wagewatch.evidence.receipts import rebuilt_record, record_matches
from wagewatch.lib.errors import RuleViolation


def without_phone(worker: Worker) -> Worker:
    Worker.objects.filter(pk=worker.pk).update(phone=None, phone_index=None)
    worker.refresh_from_db()
    return worker


def offered(cast: Cast, posting: Posting) -> int:
    (pk,) = stage.offer(cast, stage.draft(cast, posting))
    return pk


def drawn() -> str:
    return "data:image/png;base64," + base64.b64encode(signature()).decode()


def seated(cast: Cast, worker: Worker, *, way: str) -> Client:
    client, _tablet = set_up(cast)
    if way == "card":
        lay_down(cast, worker)
        assert client.post("/accounts/tablet/", {"way": "card"}).status_code == 302
    else:
        assert by_code(client, worker, code_for(cast, worker)) == 302
    return client


@pytest.mark.parametrize(("way", "words"), [("card", "刷身份证"), ("code", "证件号码和劳资专管员所发验证码")])
def test_signs_with_a_card_or_the_clerks_code_and_it_is_on_record(cast: Cast, way: str, words: str) -> None:
    stage.set_stage()
    zhou = without_phone(cast.zhou)
    with time_machine.travel(NOW, tick=False):
        client = seated(cast, zhou, way=way)
        pk = offered(cast, cast.zhou_posting)
        address = reverse("registration:worker-contract-sign", args=[cast.project.pk, pk])
        page = client.get(address)
        assert page.status_code == 200
        assert b'name="code"' not in page.content
        assert b'name="typed"' not in page.content
        typed = client.post(address, {"act": "sign", "typed": "1"})
        assert (typed.status_code, ContractSignature.objects.count()) == (400, 0)
        assert client.post(address, {"act": "sign", "signature": drawn()}).status_code == 302
        assert client.post(address, {"act": "sign", "signature": drawn()}).status_code == 302, (
            "twice does no harm"
        )
        made = ContractSignature.objects.get()
        assert (made.signer, made.by_code, made.visit) == ("周长根", False, TabletVisit.objects.get())
        assert stage.employer_signs(cast, [pk]).ids == [pk]
    entry = Entry.objects.get(kind="contract.signed")
    record = rebuilt_record(entry) or {}
    assert record_matches(entry, record)
    by_party = {row[0]: row[7:] for row in record["signatures"]}  # type: ignore[attr-defined]
    assert by_party == {"worker": ["tablet", way, made.visit_id], "employer": []}
    contract_documents.make_document(pk, cast.project.pk, now=cast.now)
    assert audit().findings == []
    shown = cast.client(cast.qian).get(reverse("registration:contract", args=[cast.project.pk, pk]))
    assert "在工地平板上" in shown.content.decode()
    assert words[:3] in shown.content.decode() or way == "code"


def test_who_has_a_phone_still_needs_its_code_at_the_tablet(cast: Cast) -> None:
    stage.set_stage()
    with time_machine.travel(NOW, tick=False):
        client = seated(cast, cast.zhou, way="card")
        pk = offered(cast, cast.zhou_posting)
        address = reverse("registration:worker-contract-sign", args=[cast.project.pk, pk])
        assert client.post(address, {"act": "sign", "signature": drawn()}).status_code == 400
        visit = TabletVisit.objects.get()
        with pytest.raises(RuleViolation, match=r"code\."):
            sign(cast, cast.zhou, pk, visit.pk)
    assert ContractSignature.objects.count() == 0
    assert LabourContract.objects.get().state == "offered"


def sign(
    cast: Cast, worker: Worker, pk: int, visit: int, drawing: bytes | None = b"", now: object = NOW
) -> None:
    contract_signing.sign_as_worker(
        pk, cast.project.pk, code="", drawing=signature() if drawing == b"" else drawing,
        actor=cast.actor(worker), now=now, visit_id=visit,  # type: ignore[arg-type]
    )  # fmt: skip


def test_only_a_visit_of_this_person_on_this_site_that_goes_on_proves_anything(cast: Cast) -> None:
    stage.set_stage()
    zhou = without_phone(cast.zhou)
    with time_machine.travel(NOW, tick=False):
        client, tablet = set_up(cast)
        assert by_code(client, cast.sun, code_for(cast, cast.sun)) == 302
        pk = offered(cast, cast.zhou_posting)
        others = TabletVisit.objects.get()

        def refused(visit: int, code: str, drawing: bytes | None = b"", now: object = NOW) -> None:
            with pytest.raises(RuleViolation) as refusal:
                sign(cast, zhou, pk, visit, drawing, now)
            assert refusal.value.code == code

        refused(others.pk, "contract.visit_over")
        refused(10**9, "contract.visit_over")
        visit = TabletVisit.objects.create(
            project=cast.project, tablet=tablet, worker=zhou, way="card", at=NOW, seen_at=NOW
        )
        refused(visit.pk, "contract.visit_over", now=NOW + timedelta(minutes=2))
        refused(visit.pk, "signature.blank", None)
        refused(visit.pk, "signature.blank", blank())
        TabletVisit.objects.filter(pk=visit.pk).update(ended_at=NOW)
        refused(visit.pk, "contract.visit_over")
        elsewhere, _cookie = other_tablet(cast)
        foreign = TabletVisit.objects.create(
            project=cast.other_project, tablet=elsewhere, worker=zhou, way="card", at=NOW, seen_at=NOW
        )
        refused(foreign.pk, "contract.other_site")
    assert ContractSignature.objects.count() == 0
    assert LabourContract.objects.get().state == "offered"


def other_tablet(cast: Cast) -> tuple[object, str]:
    from registration.services.tablets import make_tablet

    make_posting(cast.zhou, cast.other_team, pin=7)
    return make_tablet(cast.other_project.pk, "门口", "", actor=cast.actor(cast.kong), now=NOW)


def test_an_offer_without_phone_needs_a_tablet_on_the_site(cast: Cast) -> None:
    stage.set_stage()
    without_phone(cast.zhou)
    ids = stage.draft(cast, cast.zhou_posting)

    def offer() -> contract_offers.Done:
        return contract_offers.offer_contracts(cast.project.pk, ids, actor=cast.actor(cast.qian), now=NOW)

    assert {one.code for one in offer().refused.values()} == {"contract.no_phone"}
    with time_machine.travel(NOW, tick=False):
        _client, tablet = set_up(cast)
    tablet.ended_at = NOW
    tablet.save()
    assert offer().ids == [], "taken out of use"
    tablet.ended_at = None
    tablet.save()
    assert offer().ids == ids


def test_the_database_knows_one_proof_only(cast: Cast) -> None:
    stage.set_stage()
    contract = stage.in_force(cast)
    with time_machine.travel(NOW, tick=False):
        _client, tablet = set_up(cast)
    visit = TabletVisit.objects.create(
        project=cast.project, tablet=tablet, worker=cast.sun, way="card", at=NOW, seen_at=NOW
    )
    for party in ("worker", "employer"):
        with pytest.raises(IntegrityError), transaction.atomic():
            ContractSignature.objects.filter(contract=contract.pk, party=party).update(
                visit=visit, by_code=party == "worker"
            )
