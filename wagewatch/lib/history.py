"""History of records that come by the thousand."""

from typing import Any

from simple_history.models import HistoricalRecords


class LeanHistory(HistoricalRecords):
    """History found by the record's id alone.

    ``HistoricalRecords`` copies an index for every foreign key and unique column and adds three of its
    own; for people and postings written by rosters that was more work than the records themselves. The
    user is kept without a constraint, which would be checked once per row; users are never deleted.
    """

    _date_indexing = False

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(user_db_constraint=False, **kwargs)

    def copy_fields(self, model: Any) -> Any:
        fields = super().copy_fields(model)
        for name, field in fields.items():
            if name != model._meta.pk.name:
                field.db_index = False
        return fields

    def get_extra_fields(self, model: Any, fields: Any) -> Any:
        extra = super().get_extra_fields(model, fields)
        user: Any = extra["history_user"]
        user.db_index = False
        return extra
