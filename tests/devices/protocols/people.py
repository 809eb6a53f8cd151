"""Made-up people for protocol tests."""

from datetime import date

from wagewatch.lib.identity import make_id_number


def id_number(number: int) -> str:
    """A valid identity number of nobody."""
    return make_id_number("320102", date(1985, 3, 7), number)
