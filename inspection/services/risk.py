"""Score every project once a night; the newest score stands with the figures that lists read."""

import json
from datetime import date, datetime, timedelta

from django.db import connection, transaction

from inspection.models import RiskScore
from inspection.risk.facts import facts_of
from inspection.risk.rules import Facts, Score, score
from registration.services.parameters import parameter
from wagewatch.lib.dates import site_date

WRITE = """
WITH row AS (
  SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb)
    AS r(project_id bigint, score smallint, due_on date, need_fen bigint, gap_fen bigint, reasons jsonb)
), kept AS (
  INSERT INTO inspection_riskscore (project_id, day, score, due_on, need_fen, gap_fen, reasons)
  SELECT project_id, %(day)s, score, due_on, need_fen, gap_fen, reasons FROM row
  ON CONFLICT (project_id, day) DO UPDATE SET score = excluded.score, due_on = excluded.due_on,
    need_fen = excluded.need_fen, gap_fen = excluded.gap_fen, reasons = excluded.reasons
)
UPDATE inspection_projectstat s
SET risk = row.score, risk_reasons = row.reasons, risk_gap_fen = row.gap_fen, risk_due_on = row.due_on,
    risk_at = CASE WHEN row.project_id IS NULL THEN NULL ELSE %(now)s::timestamptz END
FROM registration_project p LEFT JOIN row ON row.project_id = p.id
WHERE s.project_id = p.id AND (row.project_id IS NOT NULL OR s.risk IS NOT NULL)
"""


def scores_of(found: list[Facts], *, on: date) -> list[Score]:
    """Facts with their points, by the factors that hold for each region on a day."""
    figures = {
        code: (
            parameter("risk.factors", region_code=code, on=on),
            parameter("risk.nearness", region_code=code, on=on),
        )
        for code in {facts.region_id for facts in found}
    }
    return [score(facts, *figures[facts.region_id]) for facts in found]


@transaction.atomic
def score_risk(*, now: datetime) -> int:
    """Score all projects at work and keep the day's scores; returns how many.

    A project at which nobody works and nothing is owed has no score. Projects get their row of figures first
    from `rebuild_stat`; one without it is scored in the history only.
    """
    today = site_date(now)
    scores = scores_of(facts_of(now), on=today)
    rows = [
        {
            "project_id": found.facts.project_id,
            "score": found.points,
            "due_on": found.facts.due_on.isoformat() if found.facts.due_on else None,
            "need_fen": found.facts.need_fen,
            "gap_fen": found.facts.gap_fen,
            "reasons": [reason.as_row() for reason in found.reasons],
        }
        for found in scores
    ]
    with connection.cursor() as cursor:
        cursor.execute(WRITE, {"rows": json.dumps(rows), "day": today, "now": now})
    keep = int(parameter("risk.keep_days", region_code="", on=today, default=400))
    RiskScore.objects.filter(day__lt=today - timedelta(days=keep)).delete()
    return len(scores)
