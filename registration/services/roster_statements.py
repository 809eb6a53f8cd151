# ruff: noqa: S608 - constants only; every value is a parameter
"""SQL that writes ready rows of a roster (``s``): people, teams, postings, cards.

Every statement works on a slice: places ``start`` up to ``stop``. People stand in the order of their index
and cards in the order of theirs, so that two rosters at once wait for each other without a deadlock.
"""

MINE = "s.project_id = %(project)s AND s.upload_id = %(upload)s"
PLACES = MINE + " AND s.place >= %(start)s AND s.place < %(stop)s"
CARD_PLACES = MINE + " AND s.card_place >= %(start)s AND s.card_place < %(stop)s"

NEW_PEOPLE = f"""
INSERT INTO registration_worker AS w (id, name, initials, id_kind, nationality, id_number, id_index, id_tail, sex,
    birth_date, origin_code, ethnicity,
    address, phone, phone_index, household, education, politics, emergency_name, emergency_phone,
    registered_at, registered_by, updated_at)
SELECT s.worker_id, s.name, s.initials, s.id_kind, s.nationality, s.id_number, s.id_index, s.id_tail, s.sex,
    s.birth_date, s.origin_code, s.ethnicity,
    s.address, s.phone, s.phone_index, s.household, s.education, s.politics, s.emergency_name, s.emergency_phone,
    %(now)s, %(by)s, %(now)s
FROM registration_readyrow s WHERE {PLACES} AND s.is_new_person ORDER BY s.place
ON CONFLICT (id_index) DO NOTHING RETURNING w.*
"""
CHANGED_PEOPLE = f"""
UPDATE registration_worker w SET
    phone = COALESCE(s.phone, w.phone), phone_index = COALESCE(s.phone_index, w.phone_index),
    ethnicity = COALESCE(NULLIF(s.ethnicity, ''), w.ethnicity), address = COALESCE(s.address, w.address),
    household = COALESCE(NULLIF(s.household, ''), w.household),
    education = COALESCE(NULLIF(s.education, ''), w.education),
    politics = COALESCE(NULLIF(s.politics, ''), w.politics),
    emergency_name = COALESCE(s.emergency_name, w.emergency_name),
    emergency_phone = COALESCE(s.emergency_phone, w.emergency_phone), updated_at = %(now)s
FROM registration_readyrow s WHERE {PLACES} AND s.changes_person AND w.id = s.worker_id RETURNING w.*
"""
TEAMS = f"""
INSERT INTO registration_team AS t (project_id, participation_id, name)
SELECT DISTINCT %(project)s, %(part)s, s.team FROM registration_readyrow s WHERE {MINE} AND s.team <> ''
ON CONFLICT (project_id, participation_id, name) DO NOTHING RETURNING t.*
"""
OUR_TEAM = "t.project_id = %(project)s AND t.participation_id = %(part)s AND t.name = s.team"
SETTLE_BY = "(%(settle)s::jsonb ->> s.left_on::text)::date"
"""Last day to the day by which wages are due; counted by the calendar, so it comes as a parameter."""
NEW_POSTINGS = f"""
INSERT INTO registration_posting AS p (project_id, worker_id, participation_id, team_id, pin, trade, pay_basis,
    rate_fen, piece_unit, work_role, joined_on, left_on, settle_by, registered_by)
SELECT %(project)s, s.worker_id, %(part)s, t.id, %(pins)s + s.pin_offset, s.trade, s.basis, s.rate_fen, s.piece_unit,
    COALESCE(NULLIF(s.work_role, ''), '20'), s.joined_on, s.left_on, {SETTLE_BY}, %(by)s
FROM registration_readyrow s JOIN registration_team t ON {OUR_TEAM}
WHERE {PLACES} AND s.posting_id IS NULL RETURNING p.*
"""
CHANGED_POSTINGS = f"""
UPDATE registration_posting p SET
    team_id = COALESCE(t.id, p.team_id),
    trade = COALESCE(NULLIF(s.trade, ''), p.trade),
    pay_basis = CASE WHEN s.rate_fen IS NULL THEN p.pay_basis ELSE COALESCE(NULLIF(s.basis, ''), p.pay_basis) END,
    rate_fen = COALESCE(s.rate_fen, p.rate_fen),
    piece_unit = COALESCE(NULLIF(s.piece_unit, ''), p.piece_unit),
    work_role = COALESCE(NULLIF(s.work_role, ''), p.work_role),
    joined_on = COALESCE(s.joined_on, p.joined_on),
    left_on = COALESCE(s.left_on, p.left_on), settle_by = COALESCE({SETTLE_BY}, p.settle_by)
FROM registration_readyrow s LEFT JOIN registration_team t ON {OUR_TEAM}
WHERE {PLACES} AND s.changes_work AND p.project_id = %(project)s AND p.id = s.posting_id RETURNING p.*
"""
OTHER_BANK = f"""
UPDATE registration_bankcard c SET bank_name = s.bank FROM registration_readyrow s
WHERE {CARD_PLACES} AND s.bank <> '' AND c.is_current AND c.worker_id = s.worker_id
    AND c.number_index = s.card_index AND c.bank_name <> s.bank RETURNING c.*
"""
LOSE_A_CARD = f"""
SELECT w.phone FROM registration_readyrow s JOIN registration_worker w ON w.id = s.worker_id
WHERE {CARD_PLACES} AND w.phone IS NOT NULL AND EXISTS (SELECT 1 FROM registration_bankcard c
    WHERE c.is_current AND c.worker_id = s.worker_id AND c.number_index <> s.card_index)
ORDER BY s.card_place
"""
FORMER_CARDS = f"""
UPDATE registration_bankcard c SET is_current = false FROM registration_readyrow s
WHERE {CARD_PLACES} AND c.is_current AND c.worker_id = s.worker_id AND c.number_index <> s.card_index RETURNING c.*
"""
NOT_THEIRS_YET = """(s.is_new_person OR NOT EXISTS (SELECT 1 FROM registration_bankcard h
    WHERE h.is_current AND h.worker_id = s.worker_id AND h.number_index = s.card_index))"""
NEW_CARDS = f"""
INSERT INTO registration_bankcard AS c (worker_id, number, number_index, tail, bank_name, bank_code, is_current,
    added_at)
SELECT s.worker_id, s.card, s.card_index, s.card_tail, s.bank, '', true, %(now)s
FROM registration_readyrow s WHERE {CARD_PLACES} AND {NOT_THEIRS_YET} ORDER BY s.card_place
ON CONFLICT DO NOTHING RETURNING c.*
"""
COUNTS = f"""
SELECT count(*), count(*) FILTER (WHERE s.is_new_person), bool_or(s.changes_person), count(*) FILTER (
    WHERE s.posting_id IS NULL), bool_or(s.changes_work), COALESCE(max(s.card_place) + 1, 0)
FROM registration_readyrow s WHERE {MINE}
"""


CARDS_WANTED = f"SELECT count(*) FROM registration_readyrow s WHERE {CARD_PLACES} AND {NOT_THEIRS_YET}"
LAST_DAYS = f"SELECT DISTINCT s.left_on FROM registration_readyrow s WHERE {MINE} AND s.left_on IS NOT NULL"
FREE_PIN = "SELECT COALESCE(MAX(pin), 0) FROM registration_posting WHERE project_id = %(project)s"
FORGET = "DELETE FROM registration_readyrow WHERE project_id = %(project)s AND upload_id = %(upload)s"
