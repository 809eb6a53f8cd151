"""The one statement that turns staged events into passages; see passages.py."""

# Bounded types only: with none that may be TOASTed there is one file to empty at commit, not three.
STAGE = """
CREATE TEMP TABLE IF NOT EXISTS devices_stage (
  idx integer NOT NULL, pin integer, id_index varchar(64), at timestamptz NOT NULL, direction smallint NOT NULL,
  attend_type smallint NOT NULL, admitted boolean NOT NULL, event_id varchar(64) NOT NULL
) ON COMMIT DELETE ROWS
"""

STAGED = "devices_stage"

# The same columns without the temporary table, for batches so small that COPY costs more than it saves.
UNNESTED = """
(SELECT * FROM unnest(%(idx)s::int[], %(pin)s::int[], %(id_index)s::text[], %(at)s::timestamptz[], %(direction)s::smallint[],
       %(attend_type)s::smallint[], %(admitted)s::boolean[], %(event_id)s::text[])
  AS u (idx, pin, id_index, at, direction, attend_type, admitted, event_id))
"""

RECEIPT = """
WITH nonce AS (
  INSERT INTO devices_seennonce (terminal_id, nonce, at) VALUES (%(terminal)s, %(nonce)s, %(now)s)
  ON CONFLICT DO NOTHING RETURNING 1
), receipt AS (
  INSERT INTO devices_batch
    (project_id, terminal_id, device_id, batch_id, body_sha256, body, received_at, event_count, answer)
  VALUES (%(project)s, %(terminal)s, %(device)s, %(batch)s, %(sha)s, %(body)s, %(now)s, %(count)s, '{}')
  ON CONFLICT (project_id, terminal_id, batch_id, device_id) DO NOTHING RETURNING id
)
SELECT EXISTS (SELECT FROM nonce), (SELECT id FROM receipt)
"""

FINISH = """
WITH answered AS (
  UPDATE devices_batch SET answer = %(answer)s::jsonb WHERE id = %(batch_pk)s AND project_id = %(project)s
)
UPDATE devices_terminal SET last_seen_at = %(now)s,
       clock_skew_ms = CASE WHEN id = %(terminal)s THEN coalesce(%(skew)s, clock_skew_ms) ELSE clock_skew_ms END,
       queue_length = CASE WHEN id = %(place)s THEN coalesce(%(queue)s, queue_length) ELSE queue_length END
WHERE id = ANY(%(touched)s) AND project_id = %(project)s AND is_active
"""

_BY_INDEX = "LEFT JOIN registration_worker w ON s.pin IS NULL AND w.id_index = decode(s.id_index, 'hex')"
# The index of a card's number is of another kind than that of an ID number, so that one column carries both.
_BY_CARD = """LEFT JOIN registration_citizencard c ON s.pin IS NULL AND c.number_index = decode(s.id_index, 'hex')
    AND c.number_index IS NOT NULL AND NOT (c.state IN ('lost', 'returned'))"""
KEYS = {
    "pin": ("p.worker_id", ""),
    "index": ("coalesce(p.worker_id, w.id)", _BY_INDEX),
    "card": ("coalesce(p.worker_id, w.id, c.worker_id)", f"{_BY_INDEX} {_BY_CARD}"),
}
"""How people are named in a batch, each with what it takes to find them: the more, the more joins."""

_TAKE = """
WITH placed AS (
  SELECT s.idx, s.event_id, s.at, s.direction, s.attend_type, s.admitted,
         ((s.at AT TIME ZONE 'Asia/Shanghai') - %(starts)s::interval)::date AS day,
         {worker} AS worker_id,
         coalesce(p.joined_on, 'infinity'::date) AS joined_on, coalesce(p.left_on, 'infinity'::date) AS left_on
  FROM {source} s
  LEFT JOIN registration_posting p ON p.project_id = %(project)s AND p.pin = s.pin
  {joins}
), judged AS MATERIALIZED (
  SELECT placed.*, CASE
    WHEN at < %(earliest)s OR at > %(latest)s THEN 'bad_time'
    WHEN worker_id IS NULL THEN 'unregistered'
    WHEN (joined_on <= day AND left_on >= day) OR EXISTS (
      SELECT FROM registration_posting o WHERE o.project_id = %(project)s AND o.worker_id = placed.worker_id
         AND o.joined_on <= day AND (o.left_on IS NULL OR o.left_on >= day)
    ) THEN CASE WHEN NOT admitted THEN 'device' END
    WHEN EXISTS (
      SELECT FROM registration_posting o WHERE o.project_id = %(project)s AND o.worker_id = placed.worker_id
         AND o.joined_on <= day
    ) THEN 'left'
    WHEN EXISTS (
      SELECT FROM registration_posting o WHERE o.project_id = %(project)s AND o.worker_id = placed.worker_id
    ) THEN 'not_yet'
    ELSE 'unregistered' END AS refusal
  FROM placed
), near AS (
  -- What this terminal saw around the batch, in one stretch of an index. A probe for each event would be left
  -- to the planner's luck on a partition whose statistics are still empty.
  SELECT day, worker_id, direction, at FROM devices_passage
  WHERE project_id = %(project)s AND day BETWEEN %(low)s AND %(high)s AND terminal_id = %(terminal)s
    AND at BETWEEN %(first)s - interval '60 s' AND %(last)s
), marked AS (
  SELECT both_.*, coalesce(
    at - lag(at) OVER (PARTITION BY day, worker_id, direction ORDER BY at) <= interval '60 s', false
  ) AS is_repeat
  FROM (
    SELECT idx, day, worker_id, direction, at, attend_type, event_id FROM judged WHERE refusal IS NULL
    UNION ALL
    SELECT NULL, day, worker_id, direction, at, NULL, NULL FROM near
  ) both_
), kept AS (
  INSERT INTO devices_passage
    (day, project_id, worker_id, at, direction, terminal_id, batch_pk, attend_type, event_id, is_repeat)
  SELECT day, %(project)s, worker_id, at, direction, %(terminal)s, %(batch_pk)s, attend_type, event_id, is_repeat
  FROM marked WHERE idx IS NOT NULL ORDER BY day, worker_id, at, direction
  ON CONFLICT DO NOTHING RETURNING day, worker_id, is_repeat
), dirty AS (
  -- One row a day, never merged with another: it comes into sight together with these passages.
  INSERT INTO devices_dirtyday (project_id, day, worker_ids)
  SELECT %(project)s, day, array_agg(DISTINCT worker_id) FROM kept GROUP BY day
)
SELECT (SELECT count(*) FROM judged WHERE refusal IS NULL),
       (SELECT count(*) FROM kept), (SELECT count(*) FROM kept WHERE is_repeat),
       (SELECT json_agg(json_build_array(idx, refusal, worker_id, day) ORDER BY idx)
        FROM judged WHERE refusal IS NOT NULL)
"""


def prepared(*, staged: bool, keys: str) -> tuple[str, str]:
    """Name and PREPARE of the statement; people and cards are joined only if an event names such a number."""
    return _name(staged=staged, keys=keys), _PREPARE[staged, keys]


def execute(name: str, *, staged: bool) -> str:
    """EXECUTE with the parameters in their order. Planning anew would cost more than a small batch itself;
    with a generic plan the partitions are pruned at execution."""
    names = ", ".join(f"%({parameter})s" for parameter in (COMMON if staged else COMMON | ARRAYS))
    return f"SET LOCAL plan_cache_mode = force_generic_plan; EXECUTE {name} ({names})"


COMMON = {
    "project": "bigint",
    "terminal": "bigint",
    "batch_pk": "bigint",
    "starts": "interval",
    "earliest": "timestamptz",
    "latest": "timestamptz",
    "first": "timestamptz",
    "last": "timestamptz",
    "low": "date",
    "high": "date",
}
ARRAYS = {
    "idx": "int[]",
    "pin": "int[]",
    "id_index": "text[]",
    "at": "timestamptz[]",
    "direction": "smallint[]",
    "attend_type": "smallint[]",
    "admitted": "boolean[]",
    "event_id": "text[]",
}


def _prepare(*, staged: bool, keys: str) -> str:
    parameters = COMMON if staged else COMMON | ARRAYS
    worker, joins = KEYS[keys]
    text = _TAKE.format(source=STAGED if staged else UNNESTED, worker=worker, joins=joins)
    for number, name in enumerate(parameters, 1):
        text = text.replace(f"%({name})s", f"${number}")
    name, types = _name(staged=staged, keys=keys), ", ".join(parameters.values())
    return f"PREPARE {name} ({types}) AS {text}"


def _name(*, staged: bool, keys: str) -> str:
    return f"devices_take_{'staged' if staged else 'arrays'}_{keys}"


_PREPARE = {(staged, keys): _prepare(staged=staged, keys=keys) for staged in (True, False) for keys in KEYS}
