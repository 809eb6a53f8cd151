"""Database fields for personal data."""

import base64
from typing import Any

from django.core.exceptions import FieldError
from django.db import models
from django.utils.translation import gettext_lazy as _

from wagewatch.lib.crypto import decrypt, decrypt_bytes, encrypt, encrypt_bytes

_EXPORTED = "enc:"


class EncryptedTextField(models.Field):  # type: ignore[type-arg]
    """Text that is stored encrypted (bytea) and read as ``str``.

    ``context`` names the value ("worker.id_number") and is authenticated with it, so keep it when the
    model or the column is renamed. The only lookup is ``isnull``: find rows by a ``*_index`` column
    filled from ``crypto.blind_index``. Fixtures carry the ciphertext, never the text.

    Not a ``BinaryField``: its ``get_placeholder`` would switch off PostgreSQL's fast bulk insert.
    """

    description = _("Encrypted text")
    empty_strings_allowed = True

    def __init__(self, *args: Any, context: str, **kwargs: Any) -> None:
        for refused in ("unique", "db_index", "primary_key", "choices"):
            if kwargs.get(refused):
                raise TypeError(f"EncryptedTextField does not take {refused}: use a blind index")
        self.context = context
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs["context"] = self.context
        return name, path, args, kwargs

    def get_internal_type(self) -> str:
        return "BinaryField"

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is None or hasattr(value, "as_sql"):
            return value
        return connection.Database.Binary(encrypt(str(value), context=self.context) if value != "" else b"")

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> str | None:
        if value is None:
            return None
        return decrypt(bytes(value), context=self.context) if len(value) else ""

    def to_python(self, value: Any) -> str | None:
        if value is None or isinstance(value, str):
            if value and value.startswith(_EXPORTED):
                return decrypt(base64.b64decode(value[len(_EXPORTED) :]), context=self.context)
            return value
        return str(value)

    def value_to_string(self, obj: models.Model) -> str:
        value = self.value_from_object(obj)
        return _EXPORTED + base64.b64encode(encrypt(value, context=self.context)).decode() if value else ""

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise FieldError(
                f"{self.name} is encrypted: look it up by its blind index, not by {lookup_name!r}"
            )
        return super().get_lookup(lookup_name)

    def get_transform(self, lookup_name: str) -> Any:
        return None


class EncryptedBytesField(EncryptedTextField):
    """Bytes that are stored encrypted and read as ``bytes``: files that hold personal data."""

    description = _("Encrypted bytes")

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is None or hasattr(value, "as_sql"):
            return value
        return connection.Database.Binary(encrypt_bytes(bytes(value), context=self.context))

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> bytes | None:  # type: ignore[override]
        return None if value is None else decrypt_bytes(bytes(value), context=self.context)

    def to_python(self, value: Any) -> bytes | None:  # type: ignore[override]
        if isinstance(value, str):
            sealed = base64.b64decode(value.removeprefix(_EXPORTED))
            return decrypt_bytes(sealed, context=self.context)
        return None if value is None else bytes(value)

    def value_to_string(self, obj: models.Model) -> str:
        value = self.value_from_object(obj)
        if value is None:
            return ""
        return _EXPORTED + base64.b64encode(encrypt_bytes(bytes(value), context=self.context)).decode()
