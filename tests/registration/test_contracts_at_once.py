"""Two hands at one contract, and contracts moved about at random: one winner, no state that cannot be."""

import threading
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import close_old_connections, connection
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from registration.models import ContractSignature, LabourContract
from registration.rules.contracts import TRANSITIONS
from registration.services import (
    contract_documents,
    contract_drafts,
    contract_endings,
    contract_offers,
    contract_signing,
)
from registration.services.contract_facts import EFFECTIVE, postings_with_contract
from tests.cast import Cast, build_cast
from tests.payroll.stage import signature
from tests.permissions.stage import undone
from tests.registration import contracts as stage
from wagewatch.evidence.audit import audit
from wagewatch.evidence.models import Entry
from wagewatch.lib.errors import WagewatchError


@pytest.fixture
def real_cast(transactional_db: None) -> Cast:
    """The cast, committed, for tests with threads."""
    cast = build_cast()
    stage.set_stage()
    return cast


def at_once(*acts: Callable[[], object]) -> list[str]:
    """Run acts at the same moment in threads; "ok" or the code of each refusal."""
    gate = threading.Barrier(len(acts))
    results = [""] * len(acts)

    def run(n: int, act: Callable[[], object]) -> None:
        close_old_connections()
        gate.wait()
        try:
            done = act()
            refused = list(done.refused.values()) if isinstance(done, contract_signing.Done) else []
            results[n] = refused[0].code if refused else "ok"
        except WagewatchError as problem:
            results[n] = problem.code
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n, act)) for n, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return sorted(results)


def test_a_worker_taps_twice_and_the_clerk_withdraws(real_cast: Cast) -> None:
    cast = real_cast
    (pk,) = stage.offer(cast, stage.draft(cast))
    code = stage.code_for(cast, pk, cast.sun)
    tap = lambda: contract_signing.sign_as_worker(  # noqa: E731
        pk, cast.project.pk, code=code, drawing=signature(), actor=cast.actor(cast.sun), now=cast.now
    )
    assert at_once(tap, tap) == ["contract.is_signed", "ok"]
    assert ContractSignature.objects.count() == 1
    sign = lambda: stage.employer_signs(cast, [pk])  # noqa: E731
    withdraw = lambda: contract_drafts.withdraw_contract(  # noqa: E731
        pk, cast.project.pk, actor=cast.actor(cast.qian), now=cast.now
    )
    results = at_once(sign, sign, withdraw)
    assert results.count("ok") == 1
    assert LabourContract.objects.get(pk=pk).state in {"in_force", "withdrawn"}
    assert audit().findings == []


def test_two_clerks_draft_and_two_hands_make_the_document(real_cast: Cast) -> None:
    cast = real_cast
    draft = lambda: contract_drafts.draft_contracts(  # noqa: E731
        cast.project.pk, [cast.sun_posting.pk], period="1", actor=cast.actor(cast.qian), now=cast.now
    )
    assert at_once(draft, draft) == ["contract.under_way", "ok"]
    pk = LabourContract.objects.get().pk
    stage.offer(cast, [pk])
    stage.worker_signs(cast, pk, cast.sun)
    stage.employer_signs(cast, [pk])
    make = lambda: contract_documents.make_document(pk, cast.project.pk, now=cast.now)  # noqa: E731
    night = lambda: contract_documents.make_documents(now=cast.now)  # noqa: E731
    assert at_once(make, make, night) == ["ok", "ok", "ok"]
    assert Entry.objects.filter(kind="contract.document").count() == 1


class ContractLife(RuleBasedStateMachine):
    """Two people's contracts, moved by everybody in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.block = undone()
        self.block.__enter__()
        self.cast = build_cast()
        stage.set_stage()
        self.clock = self.cast.now
        self.seen: dict[int, str] = {}

    def teardown(self) -> None:
        self.block.__exit__(None, None, None)

    def _try(self, act: Callable[[], object]) -> None:
        self.clock += timedelta(minutes=7)
        try:
            act()
        except WagewatchError:
            return

    def _newest(self, which: int) -> LabourContract | None:
        worker = (self.cast.sun, self.cast.zhou)[which]
        return LabourContract.objects.filter(worker=worker).order_by("-pk").first()

    @rule(which=st.integers(0, 1), fixed=st.booleans(), renewing=st.booleans())
    def draft(self, which: int, fixed: bool, renewing: bool) -> None:
        posting = (self.cast.sun_posting, self.cast.zhou_posting)[which]
        self._try(
            lambda: contract_drafts.draft_contracts(
                self.cast.project.pk,
                [posting.pk],
                period="0" if fixed else "1",
                starts_on=date(2026, 11, 20) if renewing else None,
                ends_on=date(2026, 12, 20) if fixed else None,
                renewing=renewing,
                actor=self.cast.actor(self.cast.qian),
                now=self.clock,
            )
        )

    @rule(which=st.integers(0, 1))
    def offer(self, which: int) -> None:
        if contract := self._newest(which):
            self._try(
                lambda: contract_offers.offer_contracts(
                    self.cast.project.pk, [contract.pk], actor=self.cast.actor(self.cast.zhao), now=self.clock
                )
            )

    @rule(which=st.integers(0, 1), other=st.booleans())
    def worker_signs(self, which: int, other: bool) -> None:
        worker = (self.cast.sun, self.cast.zhou)[which != other]
        if contract := self._newest(which):
            self._try(lambda: stage.worker_signs(self.cast, contract.pk, worker, self.clock))

    @rule(which=st.integers(0, 1))
    def worker_refuses(self, which: int) -> None:
        if contract := self._newest(which):
            self._try(
                lambda: contract_signing.refuse_contract(
                    contract.pk,
                    self.cast.project.pk,
                    reason="工资不对",
                    actor=self.cast.actor((self.cast.sun, self.cast.zhou)[which]),
                    now=self.clock,
                )
            )

    @rule()
    def employer_signs_all(self) -> None:
        ids = list(LabourContract.objects.values_list("pk", flat=True))
        self._try(lambda: stage.employer_signs(self.cast, ids, self.clock))

    @rule(which=st.integers(0, 1), terminate=st.booleans())
    def end(self, which: int, terminate: bool) -> None:
        contract = self._newest(which)
        if contract is None:
            return
        actor, project = self.cast.actor(self.cast.qian), self.cast.project.pk
        if terminate:
            self._try(
                lambda: contract_endings.terminate_contract(
                    contract.pk,
                    project,
                    ended_on=date(2026, 11, 25),
                    reason="回乡",
                    actor=actor,
                    now=self.clock,
                )
            )
        else:
            self._try(
                lambda: contract_drafts.withdraw_contract(contract.pk, project, actor=actor, now=self.clock)
            )

    @rule(days=st.integers(1, 20))
    def nights_pass(self, days: int) -> None:
        self.clock += timedelta(days=days)
        contract_endings.expire_contracts(now=self.clock)

    @invariant()
    def states_follow_the_table_and_the_evidence_agrees(self) -> None:
        for contract in LabourContract.objects.all():
            before = self.seen.get(contract.pk, "draft")
            # Several steps may lie between two looks: what can be reached from the former state.
            reach, border = {before}, {before}
            while border:
                border = {to for state in border for to in TRANSITIONS[state]} - reach
                reach |= border
            assert contract.state in reach
            self.seen[contract.pk] = contract.state
            parties = set(
                ContractSignature.objects.filter(contract=contract.pk).values_list("party", flat=True)
            )
            if contract.state in EFFECTIVE:
                assert parties == {"worker", "employer"}
            elif contract.state == "signed":
                assert parties == {"worker"}
            elif contract.state in {"draft", "offered", "refused"}:
                assert parties == set()
            assert (contract.text is None) == (contract.offered_at is None)
        counted = Entry.objects.filter(kind="contract.signed").count()
        assert counted == LabourContract.objects.filter(state__in=EFFECTIVE).count()
        assert len(postings_with_contract(self.cast.project.pk, on=date(2026, 11, 20))) <= 2


def test_in_any_order_no_state_arises_that_cannot_be(db: None) -> None:
    run_state_machine_as_test(
        ContractLife,
        settings=settings(
            max_examples=8, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
