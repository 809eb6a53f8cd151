"""Two database roles (source 1, 3.2.4): the enterprise side cannot write alarms, cases or orders; the
supervision side cannot write pay sheets or payments. A process takes its role by WAGEWATCH_SIDE."""

import time
from typing import Any

from django.db import DatabaseError, connection, transaction

# Roles belong to the whole server and two databases of it may be migrated at once. The one that comes second
# is told of the other's role only by its next transaction, so making the roles is a transaction of its own.
ROLES = """
DO $$
DECLARE
  role text;
BEGIN
  FOREACH role IN ARRAY ARRAY['wagewatch_enterprise', 'wagewatch_supervision'] LOOP
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = role) THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I NOLOGIN', role);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
      END;
    END IF;
  END LOOP;
END $$;
"""
MEMBERSHIP = "GRANT wagewatch_enterprise, wagewatch_supervision TO CURRENT_USER"
RIGHTS = """
DO $$
DECLARE
  role text;
  t record;
BEGIN
  FOREACH role IN ARRAY ARRAY['wagewatch_enterprise', 'wagewatch_supervision'] LOOP
    EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', role);
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA public TO %I', role);
    EXECUTE format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO %I', role);
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO %I', role);
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO %I', role);
  END LOOP;

  FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    -- Contract wordings are the authorities': they publish them, contractors only use them.
    IF t.tablename IN ('registration_contracttemplate', 'registration_historicalcontracttemplate') THEN
      EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON %I FROM wagewatch_enterprise', t.tablename);
      EXECUTE format('GRANT INSERT ON %I TO wagewatch_supervision', t.tablename);
    -- What the office said to workers is the authority's own.
    ELSIF t.tablename = 'payroll_officeword' THEN
      REVOKE INSERT, UPDATE, DELETE ON payroll_officeword FROM wagewatch_enterprise;
      GRANT INSERT, UPDATE, DELETE ON payroll_officeword TO wagewatch_supervision;
    -- So are rulings about wage deposits and accounts and firms' records of arrears; contractors only read them.
    ELSIF t.tablename IN ('payroll_depositruling', 'payroll_arrearsrecord', 'payroll_accountruling') THEN
      EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON %I FROM wagewatch_enterprise', t.tablename);
      EXECUTE format('GRANT INSERT ON %I TO wagewatch_supervision', t.tablename);
    -- What workers are told is the authorities' to say.
    ELSIF t.tablename IN ('registration_bulletin', 'registration_historicalbulletin') THEN
      EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON %I FROM wagewatch_enterprise', t.tablename);
      EXECUTE format('GRANT INSERT, UPDATE ON %I TO wagewatch_supervision', t.tablename);
    -- Firms answer alarms; all else about them is the authority's.
    ELSIF t.tablename = 'inspection_alarmanswer' THEN
      GRANT INSERT ON inspection_alarmanswer TO wagewatch_enterprise;
    -- Everybody reads the own notices and says how to be told; an answer tells the inspector.
    ELSIF t.tablename = 'inspection_notice' THEN
      GRANT INSERT, UPDATE (read_at, held) ON inspection_notice TO wagewatch_enterprise;
    ELSIF t.tablename = 'inspection_noticechoice' THEN
      GRANT INSERT, UPDATE ON inspection_noticechoice TO wagewatch_enterprise;
    -- A firm answers orders and objects to the list; the steps of both are the authority's.
    ELSIF t.tablename = 'inspection_firmword' THEN
      GRANT INSERT ON inspection_firmword TO wagewatch_enterprise;
    ELSIF t.tablename = 'inspection_pause' THEN
      GRANT INSERT ON inspection_pause TO wagewatch_enterprise;
    ELSIF t.tablename = 'inspection_mailmessage' THEN
      GRANT INSERT ON inspection_mailmessage TO wagewatch_enterprise;
    -- Complaints go past the enterprises: their side hands one in and reads what its sender may follow.
    ELSIF t.tablename = 'registration_complaint' THEN
      REVOKE ALL ON registration_complaint FROM wagewatch_enterprise;
      GRANT INSERT ON registration_complaint TO wagewatch_enterprise;
      GRANT SELECT (id, reference, secret_hash, topic, state, answer, answered_at, made_at)
        ON registration_complaint TO wagewatch_enterprise;
      -- The office enters what it hears on the telephone.
      GRANT INSERT ON registration_complaint TO wagewatch_supervision;
      GRANT UPDATE (state, answer, answered_at, answered_by_id) ON registration_complaint TO wagewatch_supervision;
    ELSIF t.tablename = 'registration_complaintword' THEN
      REVOKE INSERT, UPDATE, DELETE ON registration_complaintword FROM wagewatch_enterprise;
      GRANT INSERT ON registration_complaintword TO wagewatch_supervision;
    ELSIF t.tablename NOT LIKE 'inspection\\_%' AND t.tablename <> 'django_migrations' THEN
      EXECUTE format('GRANT INSERT, UPDATE, DELETE ON %I TO wagewatch_enterprise', t.tablename);
    END IF;
    -- Cases, with whoever complained and what was found, are not even read by the enterprise side.
    IF t.tablename LIKE 'inspection\\_case%' OR t.tablename IN ('inspection_correctionorder', 'inspection_sanction') THEN
      EXECUTE format('REVOKE ALL ON %I FROM wagewatch_enterprise', t.tablename);
    END IF;
    -- Evidence and documents of cases; a stored file is never changed.
    IF t.tablename = 'registration_storedfile' THEN
      GRANT INSERT ON registration_storedfile TO wagewatch_supervision;
    END IF;
    IF t.tablename LIKE 'inspection\\_%' OR t.tablename LIKE 'evidence\\_%' OR t.tablename LIKE 'axes\\_%'
       OR t.tablename LIKE 'otp\\_%' OR t.tablename IN (
         'django_session', 'registration_user', 'registration_historicaluser', 'registration_sensitiveview',
         'registration_parameter', 'registration_historicalparameter',
         'registration_calendarday', 'registration_historicalcalendarday') THEN
      EXECUTE format('GRANT INSERT, UPDATE, DELETE ON %I TO wagewatch_supervision', t.tablename);
    END IF;
  END LOOP;

  -- Who asks the authorities for what, and what they weigh about a firm, is nothing to the enterprise side.
  FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename IN (
    'inspection_permitkey', 'inspection_historicalpermitkey', 'inspection_listingstep',
    'inspection_historicallisting', 'inspection_datarequest', 'inspection_historicaldatarequest',
    'inspection_dataextract') LOOP
    EXECUTE format('REVOKE ALL ON %I FROM wagewatch_enterprise', t.tablename);
  END LOOP;
  -- What was said and decided in the own proceeding a firm reads, not which official wrote it.
  IF to_regclass('inspection_listingstep') IS NOT NULL THEN
    GRANT SELECT (id, listing_id, number, kind, "on", document, reason, made_at)
      ON inspection_listingstep TO wagewatch_enterprise;
  END IF;

  -- Random checks are unannounced: the enterprise side cannot even read that one is planned.
  FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename IN (
      'inspection_checkdraw', 'inspection_randomcheck', 'inspection_checkphoto', 'inspection_checkrecusal',
      'inspection_historicalcheckrecusal', 'inspection_checkpublication') LOOP
    EXECUTE format('REVOKE ALL ON %I FROM wagewatch_enterprise', t.tablename);
  END LOOP;

  -- Inspectors photograph notice boards too; what they saw is added, never changed.
  IF to_regclass('payroll_boardcheck') IS NOT NULL THEN
    GRANT INSERT ON payroll_boardcheck, payroll_boardphoto, registration_storedfile TO wagewatch_supervision;
  END IF;

  -- What an authority finds about a project or a firm, and no other column of theirs; a firm's first account.
  IF to_regclass('registration_organisation') IS NOT NULL THEN
    GRANT UPDATE (planning_breach) ON registration_project TO wagewatch_supervision;
    GRANT UPDATE (legal_form, standing, standing_since, successor_id, investors)
      ON registration_organisation TO wagewatch_supervision;
    GRANT INSERT ON registration_historicalproject, registration_historicalorganisation,
      registration_membership, registration_historicalmembership TO wagewatch_supervision;
    GRANT INSERT, UPDATE ON registration_invitation TO wagewatch_supervision;
    GRANT INSERT ON registration_storedfile TO wagewatch_supervision;
    GRANT INSERT, UPDATE ON registration_smsmessage TO wagewatch_supervision;
    -- Name, number and phone of a person, where firms may not correct them any more.
    GRANT UPDATE (name, initials, id_kind, id_number, id_index, id_tail, nationality, birth_date, sex, origin_code,
      phone, phone_index, updated_at) ON registration_worker TO wagewatch_supervision;
    GRANT INSERT ON registration_historicalworker TO wagewatch_supervision;
    GRANT UPDATE (ended_at) ON registration_workerdevice TO wagewatch_supervision;
  END IF;
END $$;
"""


def grant_sides(**_kwargs: Any) -> None:
    """Give both roles their rights; runs after every migrate, so that new tables are covered."""
    for statement in (ROLES, MEMBERSHIP, RIGHTS):
        _execute_beside_others(statement)


def _execute_beside_others(statement: str, attempts: int = 20) -> None:
    """Run one statement as a transaction; again when another database's migration wrote the same shared row."""
    for attempt in range(1, attempts + 1):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
            return
        except DatabaseError:  # "tuple concurrently updated" has no code of its own
            if attempt == attempts or connection.in_atomic_block:
                raise
            time.sleep(0.1)
