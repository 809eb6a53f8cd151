"""Pieces of SQL that several rules are put together from. Constants only: every value is a parameter."""

RUNNING = "pr.state <> 'done' AND pr.sector <> 'manufacturing'"
"""Works to which the account and deposit rules apply; factories take part by their own will."""

LEADER = "LEFT JOIN registration_participation gc ON gc.project_id = pr.id AND gc.role = 'general_contractor'"


def places(**keys: str) -> str:
    """The relation `place(region_id, …)`: each parameter read once per region, in a column of the given name."""
    columns = "".join(
        f",\n         wagewatch_parameter('{key}', r.region_id, %(today)s) AS {name}"
        for name, key in keys.items()
    )
    return f"""place AS MATERIALIZED (
  SELECT r.region_id{columns}
  FROM (SELECT DISTINCT region_id FROM registration_project) r
)"""  # noqa: S608 names from our own rules


WEEK_START = "(%(today)s::date - (extract(isodow FROM %(today)s::date)::int - 1))"
"""The Monday of this week, as a constant for the planner: date_trunc() would be asked again for every row."""


def step(value: str, ladder: str, operator: str = ">=") -> str:
    """The highest level whose figure the value reaches, NULL for none; a region may leave levels out."""
    cases = " ".join(
        f"WHEN {value} {operator} ({ladder} ->> '{name}')::numeric THEN {level}"
        for level, name in ((3, "red"), (2, "orange"), (1, "yellow"))
    )
    return f"(CASE {cases} END)"


def first(ladder: str) -> str:
    """The smallest figure of a ladder, whatever level it belongs to."""
    names = ", ".join(f"({ladder} ->> '{name}')::int" for name in ("yellow", "orange", "red"))
    return f"least({names})"


CALENDAR_REACH = 2200
"""Days back for which the relation `calendar_day(day, is_working, n)` has rows; earlier days count as its first."""


def calendar(alias: str, day: str) -> str:
    """Join the calendar's row of a day; `n` counts the working days up to and including it."""
    return f"JOIN calendar_day {alias} ON {alias}.day = greatest({day}, %(today)s - {CALENDAR_REACH})"


def worked_since(alias: str) -> str:
    """Working days after the joined day up to and including today."""
    return f"((SELECT n FROM calendar_day WHERE day = %(today)s) - {alias}.n)"  # noqa: S608


def calendar_after(alias: str, start: str, count: str) -> str:
    """Join the row of the count-th working day after a joined day."""
    return f"LEFT JOIN calendar_day {alias} ON {alias}.is_working AND {alias}.n = {start}.n + {count}"


def since_month(rule: str, months: int = 3) -> str:
    """The first wage month to look at: some months back, or further where an alarm about an older one is open,
    so that none closes by age."""
    return (
        f"(SELECT least((date_trunc('month', %(today)s::date) - interval '{months} months')::date,"  # noqa: S608
        f" min(to_date(period, 'YYYY-MM'))) FROM inspection_alarm WHERE rule = '{rule}' AND state = 'open')"
    )
