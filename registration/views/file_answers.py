"""Files as answers: to keep, and kept by nothing on the way."""

from typing import IO

from django.http import FileResponse, HttpResponse, HttpResponseBase

CONTENT_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}


def file_answer(file: IO[bytes] | bytes, name: str, kind: str) -> HttpResponseBase:
    """A file to keep, `kind` xlsx or pdf; an open file is sent piece by piece and closed."""
    response: HttpResponseBase
    if isinstance(file, bytes):
        response = HttpResponse(file, content_type=CONTENT_TYPES[kind])
        response["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    else:
        response = FileResponse(
            file, as_attachment=True, filename=f"{name}.{kind}", content_type=CONTENT_TYPES[kind]
        )
    response["Cache-Control"] = "no-store, private"
    return response
