"""Answers of banks that word, number and wrap things otherwise than ours do."""

import pytest

from payroll.models import AccountEntry, PaymentLine, PaymentOrder, StatementLine
from payroll.services.money_check import check_money
from tests.cast import Cast
from tests.payroll import stage
from tests.payroll.test_strange_bank_files import detail, entry, file, send, statement

pytestmark = pytest.mark.django_db
HEAD = "<GrpHdr><MsgId>{n}</MsgId><CreDtTm>2026-11-16T18:00:00</CreDtTm></GrpHdr>"
GROUP = (
    "<OrgnlGrpInfAndSts><OrgnlMsgId>{order}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>{status}"
    "</OrgnlGrpInfAndSts>"
)


@pytest.fixture
def order(cast: Cast) -> PaymentOrder:
    stage.account(cast, 5_000_000)
    return stage.instructed(cast, stage.approved_sheet(cast))


def report(
    order: PaymentOrder, group: str, blocks: str = "", *, version: str = "pain.002.001.03", n: str = "P1"
) -> bytes:
    status = f"<GrpSts>{group}</GrpSts>" if group else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:{version}">'
        f"<CstmrPmtStsRpt>{HEAD.format(n=n)}{GROUP.format(order=order.message_id, status=status)}{blocks}"
        "</CstmrPmtStsRpt></Document>"
    ).encode()


def block(order: PaymentOrder, status: str, *lines: str) -> str:
    told = f"<PmtInfSts>{status}</PmtInfSts>" if status else ""
    return (
        f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{order.message_id}</OrgnlPmtInfId>{told}{''.join(lines)}"
        "</OrgnlPmtInfAndSts>"
    )


def line(number: str, status: str = "", *, by: str = "OrgnlEndToEndId", reason: str = "") -> str:
    told = f"<TxSts>{status}</TxSts>" if status else ""
    why = f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf>" if reason else ""
    return f"<TxInfAndSts><{by}>{number}</{by}>{told}{why}</TxInfAndSts>"


def states(cast: Cast) -> tuple[str, str]:
    found = dict(PaymentLine.objects.values_list("worker_id", "state"))
    return found[cast.sun.pk], found[cast.zhou.pk]


def numbers(cast: Cast) -> tuple[str, str]:
    found = dict(PaymentLine.objects.values_list("worker_id", "end_to_end_id"))
    return found[cast.sun.pk], found[cast.zhou.pk]


@pytest.mark.parametrize("version", ["03", "09", "10", "11", "12"])
@pytest.mark.parametrize(
    ("group", "state"),
    [("RCVD", "received"), ("ACTC", "received"), ("ACSP", "received"), ("PDNG", "received"), ("RJCT", "returned"), ("PART", "sent")],
)  # fmt: skip
def test_a_report_of_the_group_alone(
    cast: Cast, order: PaymentOrder, version: str, group: str, state: str
) -> None:
    message = send(cast, report(order, group, version=f"pain.002.001.{version}"))
    assert (message.state, message.error_text) == ("done", "")
    assert states(cast) == (state, state)
    again = send(cast, report(order, group, version=f"pain.002.001.{version}", n="P2"))
    assert (again.state, states(cast)) == ("done", (state, state))
    assert check_money().findings == []


def test_lines_named_by_instruction_alone(cast: Cast, order: PaymentOrder) -> None:
    sun, zhou = numbers(cast)
    lines = line(sun, "ACSC", by="OrgnlInstrId"), line(zhou, "RJCT", by="OrgnlInstrId", reason="AC04")
    send(cast, report(order, "PART", block(order, "PART", *lines)))
    assert states(cast) == ("paid", "returned")
    assert check_money().findings == []


def test_a_line_without_a_status_has_its_blocks_and_none_of_a_part(cast: Cast, order: PaymentOrder) -> None:
    sun, zhou = numbers(cast)
    send(cast, report(order, "", block(order, "PART", line(sun), line(zhou)), n="P1"))
    assert states(cast) == ("sent", "sent")
    send(cast, report(order, "", block(order, "RJCT", line(sun), line(zhou, "ACSC")), n="P2"))
    assert states(cast) == ("returned", "paid")


def test_partial_reports_that_repeat_and_contradict_move_forward_only(
    cast: Cast, order: PaymentOrder
) -> None:
    sun, zhou = numbers(cast)
    for n, lines in enumerate(
        (
            (line(sun, "ACSC"),),
            (line(sun, "ACSP"), line(zhou, "RCVD")),
            (line(zhou, "ACCC"),),
            (line(sun, "RCVD"),),
        )
    ):
        send(cast, report(order, "PART", block(order, "PART", *lines), version="pain.002.001.12", n=f"P{n}"))
    assert states(cast) == ("paid", "paid")
    assert AccountEntry.objects.filter(kind="wages").count() == 2
    assert check_money().findings == []


def test_a_reason_that_nobody_knows_waits_for_a_person(cast: Cast, order: PaymentOrder) -> None:
    sun, _zhou = numbers(cast)
    told = line(sun, "RJCT").replace(
        "</TxSts>", "</TxSts><StsRsnInf><Rsn><Prtry>X-77</Prtry></Rsn></StsRsnInf>"
    )
    send(cast, report(order, "PART", block(order, "PART", told)))
    assert states(cast)[0] in ("returned", "sent")
    assert "X-77" in cast.client(cast.officer).get("/pay/unread/").content.decode()


@pytest.mark.parametrize("where", ["instruction", "remittance", "entry"])
def test_a_booked_wage_is_known_by_our_number_wherever_it_stands(
    cast: Cast, order: PaymentOrder, where: str
) -> None:
    sun, _zhou = numbers(cast)
    amount = "7920.00"
    if where == "instruction":
        told = entry(
            "B1",
            amount,
            way="DBIT",
            details=detail("NOTPROVIDED", amount).replace("<Refs>", f"<Refs><InstrId>{sun}</InstrId>"),
        )
    elif where == "remittance":
        told = entry(
            "B1",
            amount,
            way="DBIT",
            details=f"<TxDtls><Refs/><RmtInf><Ustrd>工资 {sun}</Ustrd></RmtInf></TxDtls>",
        )
    else:
        told = entry("B1", amount, way="DBIT").replace(
            "</Ntry>", f"<AddtlNtryInf>代发 {sun} 工资</AddtlNtryInf></Ntry>"
        )
    message = send(cast, file(statement(told)))
    assert (message.state, message.error_text) == ("done", "")
    assert states(cast)[0] == "paid"
    assert StatementLine.objects.get().state == "matched"
    assert check_money().findings == []


def test_another_amount_under_our_number_pays_nobody(cast: Cast, order: PaymentOrder) -> None:
    sun, _zhou = numbers(cast)
    told = entry("B1", "79.20", way="DBIT").replace("</Ntry>", f"<AddtlNtryInf>{sun}</AddtlNtryInf></Ntry>")
    send(cast, file(statement(told)))
    assert states(cast)[0] == "sent"
    assert StatementLine.objects.get().state == "unmatched"


@pytest.mark.parametrize("prefix", ["", "c:", "camt:"])
def test_several_statements_with_prefixes_and_an_account_that_is_not_ours(
    cast: Cast, order: PaymentOrder, prefix: str
) -> None:
    data = file(
        statement(entry("B1", "10.00"), name="S1"),
        statement(entry("B2", "20.00"), name="S2", number="9999000011112222"),
        statement(entry("B3", "30.00"), name="S3"),
    ).decode()
    if prefix:
        head, _end, body = data.partition("?>")
        body = body.replace("</", "\0").replace("<", f"<{prefix}").replace("\0", f"</{prefix}")
        data = f"{head}?>{body}".replace("xmlns=", f"xmlns:{prefix.rstrip(':')}=")
    message = send(cast, data.encode())
    assert message.state == "done"
    assert sorted(StatementLine.objects.values_list("amount_fen", flat=True)) == [1_000, 3_000]
    assert [s.get("account_known", True) for s in message.summary["statements"]] == [True, False, True]


@pytest.mark.parametrize("told", ["0001-01-02T00:00:00", "2026-11-01T09:00:00", "9999-01-02T00:00:00"])
def test_a_moment_that_cannot_be_is_not_when_a_wage_was_paid(
    cast: Cast, order: PaymentOrder, told: str
) -> None:
    """Before it was asked for, or ahead: the report's own moment counts, within the same bounds."""
    sun, zhou = numbers(cast)
    accepted = f"<AccptncDtTm>{told}</AccptncDtTm></TxInfAndSts>"
    lines = (line(n, "ACSC").replace("</TxInfAndSts>", accepted) for n in (sun, zhou))
    send(cast, report(order, "PART", block(order, "PART", *lines)))
    assert states(cast) == ("paid", "paid")
    for paid in PaymentLine.objects.all():
        assert order.instructed_at <= paid.settled_at <= cast.now


def test_a_refusal_of_the_whole_after_one_payment_leaves_the_order_no_refused_one(
    cast: Cast, order: PaymentOrder
) -> None:
    sun, _zhou = numbers(cast)
    send(cast, report(order, "PART", block(order, "PART", line(sun, "ACSC"))))
    send(cast, report(order, "RJCT", n="P2"))
    assert states(cast) == ("paid", "returned")
    order.refresh_from_db()
    assert order.state == "done"
    assert check_money().findings == []
