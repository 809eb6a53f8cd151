"""Encrypted columns: text in Python, ciphertext in PostgreSQL, no lookups."""

from collections.abc import Iterator

import pytest
from django.core.exceptions import FieldError
from django.db import connection, models
from django.db.migrations.writer import MigrationWriter
from django.test.utils import isolate_apps

from wagewatch.lib.fields import EncryptedBytesField, EncryptedTextField


@pytest.fixture
def secret(transactional_db: None) -> Iterator[type[models.Model]]:
    with isolate_apps("wagewatch.evidence"):

        class Secret(models.Model):
            phone = EncryptedTextField(context="secret.phone", blank=True)
            card = EncryptedTextField(context="secret.card", null=True, max_length=30)

            class Meta:
                app_label = "evidence"

        with connection.schema_editor() as editor:
            editor.create_model(Secret)
        try:
            yield Secret
        finally:
            with connection.schema_editor() as editor:
                editor.delete_model(Secret)


def test_stores_ciphertext_and_reads_text(secret: type[models.Model]) -> None:
    objects = secret._default_manager
    objects.bulk_create([secret(phone=f"1380013{n:04d}", card=None) for n in range(20)])
    objects.create(phone="", card="6222021234567890128")
    assert [o.phone for o in objects.order_by("pk")[:2]] == ["13800130000", "13800130001"]
    last = objects.get(card__isnull=False)
    assert (last.phone, last.card) == ("", "6222021234567890128")
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone, card, pg_typeof(card)::text FROM evidence_secret ORDER BY id")
        rows = cursor.fetchall()
    assert all(b"1380013" not in bytes(phone) for phone, _card, _type in rows)
    assert len({bytes(phone) for phone, *_ in rows}) == 21
    assert (bytes(rows[-1][0]), rows[-1][2]) == (b"", "bytea")
    assert b"6222" not in bytes(rows[-1][1])


def test_updates_one_and_many(secret: type[models.Model]) -> None:
    objects = secret._default_manager
    made = objects.bulk_create([secret(phone="1"), secret(phone="2")])
    for number, item in enumerate(made):
        item.phone = f"new{number}"
    objects.bulk_update(made, ["phone"])
    assert list(objects.order_by("pk").values_list("phone", flat=True)) == ["new0", "new1"]
    objects.update(card="9")
    assert set(objects.values_list("card", flat=True)) == {"9"}


@pytest.mark.parametrize("lookup", ["phone", "phone__contains", "phone__in", "phone__gt"])
def test_refuses_to_be_searched(secret: type[models.Model], lookup: str) -> None:
    with pytest.raises(FieldError, match=r"blind index|Unsupported lookup"):
        secret._default_manager.filter(**{lookup: ["1"] if lookup.endswith("in") else "1"}).exists()


def test_survives_a_migration_file() -> None:
    field = EncryptedTextField(context="a.b", null=True, blank=True, verbose_name="电话")
    _name, path, _args, kwargs = field.deconstruct()
    assert path == "wagewatch.lib.fields.EncryptedTextField"
    assert kwargs == {"context": "a.b", "null": True, "blank": True, "verbose_name": "电话"}
    assert field.clone().context == "a.b"
    assert "context='a.b'" in MigrationWriter.serialize(field)[0]


def test_takes_no_index() -> None:
    with pytest.raises(TypeError, match="blind index"):
        EncryptedTextField(context="a", unique=True)


def test_fixtures_carry_no_plain_text() -> None:
    class Holder:
        phone = "13800138000"

    field = EncryptedTextField(context="a.b")
    field.attname = "phone"
    written = field.value_to_string(Holder())  # type: ignore[arg-type]
    assert "138" not in written.removeprefix("enc:")[:3]
    assert field.to_python(written) == "13800138000"


def test_encrypted_bytes_come_back_and_are_not_stored_plainly() -> None:
    field = EncryptedBytesField(context="test.file")
    stored = bytes(field.get_db_prep_value(b"<Document>\x00", connection).adapted)
    assert b"Document" not in stored
    assert field.from_db_value(stored, None, connection) == b"<Document>\x00"
    assert field.get_db_prep_value(None, connection) is None
    assert field.from_db_value(None, None, connection) is None
