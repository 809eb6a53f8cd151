"""The regional, dated parameter in SQL, for rules that look at all projects at once."""

from django.db import migrations

FUNCTION = """
CREATE OR REPLACE FUNCTION wagewatch_parameter(wanted text, region text, on_day date)
RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT value FROM registration_parameter
  WHERE key = wanted AND valid_from <= on_day AND (valid_to IS NULL OR valid_to >= on_day)
    AND (region_id IS NULL OR region_id IN (region, left(region, 4) || '00', left(region, 2) || '0000'))
  ORDER BY CASE WHEN region_id IS NULL THEN 0
                WHEN region_id LIKE '%0000' THEN 1
                WHEN region_id LIKE '%00' THEN 2 ELSE 3 END DESC, valid_from DESC
  LIMIT 1
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("registration", "0002_scope_to_project")]

    operations = [migrations.RunSQL(FUNCTION, "DROP FUNCTION wagewatch_parameter(text, text, date);")]
