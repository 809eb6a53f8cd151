"""Pages of a long list by key: the address says after or before which row a page stands, not how many rows to skip.

A skipped row is read all the same, and a row that leaves the list moves all later pages. An order is a tuple of columns,
all rising and none of them NULL, so that one comparison of rows finds where a page begins, by an index where there is one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from django.db.models import BooleanField, DateField, F, Func, IntegerField, Model, QuerySet, Value
from django.db.models.expressions import OrderBy
from django.db.models.functions import Coalesce

M = TypeVar("M", bound=Model)
FIRST_DAY, LAST_DAY = date(1, 1, 1), date(9999, 12, 31)
LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Column:
    """One column of an order, and what its values are."""

    expression: Any
    kind: type[int] | type[date] | type[datetime] = int


Order = tuple[Column, ...]


def rising(field: str) -> Column:
    """A number, the smallest first."""
    return Column(F(field))


def falling(field: str) -> Column:
    """A number, the largest first."""
    return Column(F(field) * -1)


def day(field: str, *, empty_first: bool = False) -> Column:
    """A day, the earliest first; those without a day last, or first."""
    return Column(_or_else(field, FIRST_DAY if empty_first else LAST_DAY), date)


def day_falling(field: str) -> Column:
    """A day, the latest first; those without a day last."""
    last = Value(LAST_DAY, output_field=DateField())
    gap: Any = Func(last, _or_else(field, FIRST_DAY), arg_joiner=" - ", template="(%(expressions)s)")
    gap.output_field = IntegerField()
    return Column(gap)


def moment(field: str) -> Column:
    """An instant, the earliest first."""
    return Column(F(field), datetime)


def _or_else(field: str, otherwise: date) -> Coalesce:
    return Coalesce(F(field), Value(otherwise, output_field=DateField()))


def by(order: Order) -> list[Any]:
    """For `order_by`."""
    return [column.expression for column in order]


def backwards(order: Order) -> list[Any]:
    """For `order_by`: the other way round."""
    return [OrderBy(column.expression, descending=True) for column in order]


class Beyond(Func):
    """(a, b, …) > (x, y, …): one comparison of rows."""

    output_field = BooleanField()

    def __init__(self, order: Order, key: Sequence[Any], sign: str) -> None:
        super().__init__(*by(order), *(Value(value) for value in key))
        self.sign, self.width = sign, len(order)

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        parts, params = [], list[Any]()
        for expression in self.source_expressions:
            sql, more = compiler.compile(expression)
            parts.append(sql)
            params += more
        left, right = ", ".join(parts[: self.width]), ", ".join(parts[self.width :])
        return f"({left}) {self.sign} ({right})", params


@dataclass(frozen=True)
class KeyPage(Generic[M]):
    """A page as templates show it: rows, how many there are in all, and the keys of its neighbours."""

    object_list: list[M]
    count: int
    previous_key: str = ""
    next_key: str = ""

    def __iter__(self) -> Iterator[M]:
        return iter(self.object_list)

    def __len__(self) -> int:
        return len(self.object_list)

    @property
    def has_other_pages(self) -> bool:
        return bool(self.previous_key or self.next_key)


def key_page(
    found: QuerySet[M],
    order: Order,
    address: Any,
    size: int,
    *,
    count: int | None = None,
    newest_first: bool = False,
) -> KeyPage[M]:
    """The page that ?after=, ?before= or ?end= of the address asks for; nonsense is the first page.

    `count` is how many rows there are, where the caller knows it; `newest_first` turns the order round.
    """
    names = [f"key_{n}" for n in range(len(order))]
    rows = found.annotate(**dict(zip(names, by(order), strict=True)))
    total = found.order_by().count() if count is None else count
    after, before = _parse(address.get("after", ""), order), _parse(address.get("before", ""), order)

    def read(key: list[Any] | None, forward: bool) -> list[M]:
        rising_way = forward != newest_first
        part = rows.filter(Beyond(order, key, ">" if rising_way else "<")) if key else rows
        return list(part.order_by(*(by(order) if rising_way else backwards(order)))[: size + 1])

    if before or "end" in address:
        shown = read(before, forward=False)
        # The first page is a whole one, however few rows stand before the key.
        if len(shown) > size:
            shown = shown[size - 1 :: -1]
            return KeyPage(shown, total, _key(shown[0], order), _key(shown[-1], order) if before else "")
        after = None
    shown = read(after, forward=True)
    more, shown = len(shown) > size, shown[:size]
    return KeyPage(
        shown,
        total,
        _key(shown[0], order) if after and shown else "",
        _key(shown[-1], order) if more else "",
    )


def _key(row: Model, order: Order) -> str:
    values = [getattr(row, f"key_{n}") for n in range(len(order))]
    return "_".join(value.isoformat() if isinstance(value, date) else str(value) for value in values)


def _parse(text: str, order: Order) -> list[Any] | None:
    """ "2026-11-13_-3_17" as day, number, number; None for what was never a key of this order."""
    parts = text[:200].split("_")
    if len(parts) != len(order) or not text.isascii():
        return None
    try:
        values = [_value(part, column.kind) for part, column in zip(parts, order, strict=True)]
    except ValueError:
        return None
    return values


def _value(text: str, kind: type[int] | type[date] | type[datetime]) -> Any:
    if kind is int:
        if abs(number := int(text)) > LARGEST:
            raise ValueError(text)
        return number
    if kind is date:
        return date.fromisoformat(text)
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(text)
    return instant
