"""The error family for REST views."""

from typing import Any

from rest_framework.response import Response
from rest_framework.views import exception_handler as rest_handler

from wagewatch.lib.errors import WagewatchError


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Our errors as {code, message, …facts}; everything else as REST framework has it."""
    if isinstance(error, WagewatchError):
        return Response(
            {"code": error.code, "message": str(error.message), **error.facts}, status=error.status
        )
    return rest_handler(error, context)
