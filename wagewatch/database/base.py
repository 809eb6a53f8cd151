"""PostgreSQL, except that grouping by `id` alone is not taken to determine the whole row.

Tables that grow with projects have (id, project_id) as their primary key in the database
(wagewatch.lib.schema), so PostgreSQL wants every selected column in GROUP BY.
"""

from django.db.backends.postgresql import base, features


class DatabaseFeatures(features.DatabaseFeatures):
    """What this database can do."""

    allows_group_by_selected_pks = False


class DatabaseWrapper(base.DatabaseWrapper):
    """The connection that settings name as ENGINE."""

    features_class = DatabaseFeatures
