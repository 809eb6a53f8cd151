"""A stored file as an answer; the view has asked the record that points to it."""

from urllib.parse import quote

from django.http import HttpResponse

from registration.access import not_found
from registration.models import StoredFile


def stored_file(file: StoredFile | None) -> HttpResponse:
    """The file for reading in the browser, kept in no cache. NotFound where there is none."""
    if file is None:
        not_found()
    return HttpResponse(
        bytes(file.content),
        content_type=file.content_type,
        headers={
            "Content-Disposition": f"inline; filename*=UTF-8''{quote(file.name)}",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )
