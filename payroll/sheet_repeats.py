"""One worker in several rows of a pay sheet: rows that say different things are added up, the same row again is not.

Piece work and a change of work are often written one row each. Pure; amounts in fen.
"""

from collections.abc import Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from payroll.sheet_reader import ReadLine
from wagewatch.lib.money import format_cny

LONGEST_NOTE = 200


def settle_repeats(rows: Sequence[ReadLine], *, most_days: int) -> list[ReadLine]:
    """The rows that remain of one worker's rows, in their order; rows that went into the first one are left out.

    Rows are added up only where each says who it is by ID number or by the same card, and all can be read. Otherwise
    all but the first are refused; with one that cannot be read all are, for a part of the pay would be lost.
    """
    first, *others = rows
    if not others:
        return [first]
    several = len({row.sheet for row in rows}) > 1
    place = {id(row): f"{row.line} ({row.sheet})" if several else str(row.line) for row in rows}
    if any(row.refused for row in rows):
        bad = next(row for row in rows if row.refused)
        for row in rows:
            if row is not bad:
                text = _(
                    "Row %(row)s of the same worker cannot be read. All rows of one worker count together."
                )
                row.stop("name", text % {"row": place[id(bad)]})
        return list(rows)
    kept, taken = [first], [first]
    for row in others:
        same = next((one for one in taken if _figures(one) == _figures(row)), None)
        if same is not None:
            text = _(
                "Row %(row)s says exactly the same of this worker. If both are meant, write them as one row with the "
                "sum."
            )
            row.stop("name", text % {"row": place[id(same)]})
        elif not _surely_one(first, row):
            text = _(
                "A worker of this name stands in row %(row)s already. Add the ID number to both rows, or put everything "
                "of one worker into one row."
            )
            row.stop("name", text % {"row": place[id(first)]})
        else:
            taken.append(row)
            continue
        kept.append(row)
    if len(taken) > 1:
        kept[0] = _sum(taken, place, most_days)
    return kept


def _figures(row: ReadLine) -> tuple[object, ...]:
    return (row.days, row.gross_fen, row.net_fen, row.rate_fen, tuple(map(repr, row.items)))


def _surely_one(first: ReadLine, row: ReadLine) -> bool:
    return bool(first.id_number and row.id_number) or bool(first.card and first.card == row.card)


def _sum(rows: Sequence[ReadLine], place: dict[int, str], most_days: int) -> ReadLine:
    first = rows[0]
    days = [row.days for row in rows if row.days is not None]
    notes = list(dict.fromkeys(row.deduction_note for row in rows if row.deduction_note))
    rates = {row.rate_fen for row in rows if row.rate_fen is not None}
    whole = ReadLine(
        first.sheet,
        first.line,
        name=first.name,
        id_number=first.id_number,
        card=next((row.card for row in rows if row.card), ""),
        days=sum(days, Decimal(0)) if days else None,
        gross_fen=sum(row.gross_fen or 0 for row in rows),
        deduction_fen=sum(row.deduction_fen for row in rows),
        deduction_note="；".join(notes)[:LONGEST_NOTE],
        net_fen=sum(row.net_fen or 0 for row in rows),
        base_fen=sum(row.base_fen or 0 for row in rows),
        rate_fen=rates.pop() if len(rates) == 1 else None,
        items=[item for row in rows for item in row.items],
        messages=[message for row in rows for message in row.messages],
    )
    told = {
        "rows": ", ".join(place[id(row)] for row in rows),
        "sums": " + ".join(format_cny(row.gross_fen or 0) for row in rows),
    }
    whole.warn("gross", _("Rows %(rows)s are this worker's and are added up: %(sums)s.") % told)
    if whole.days is not None and whole.days > most_days:
        whole.stop(
            "days",
            _("This worker's rows add up to %(found)s days, the wage month has %(days)s.")
            % {"found": f"{whole.days.normalize():f}", "days": most_days},
        )
    return whole
