"""What no table can hold and what is too large gets an answer that says so, and nothing is written."""

import pytest
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from pytest_django import Settings

from registration.models import Complaint
from tests.cast import Cast
from wagewatch.middleware import LARGEST_BODY, LARGEST_BODY_OF_STRANGERS, ErrorMiddleware

PATH = "/complain/"


@pytest.mark.parametrize("length", [LARGEST_BODY_OF_STRANGERS + 1, 10**12])
def test_a_body_too_large_is_not_even_read(cast: Cast, length: int) -> None:
    class Unread:
        def read(self, *_size: int) -> bytes:
            raise AssertionError("read")

        readline = read

    body = {"CONTENT_TYPE": "multipart/form-data; boundary=x", "CONTENT_LENGTH": str(length)}
    answer = Client(enforce_csrf_checks=True).post(PATH, **body | {"wsgi.input": Unread()})
    assert answer.status_code == 413
    assert "24 MB" in answer.content.decode()
    assert Complaint.objects.count() == 0


def test_who_is_signed_in_may_send_a_banks_statement(cast: Cast) -> None:
    client = cast.client(cast.zhao)
    for length, status in ((LARGEST_BODY_OF_STRANGERS + 1, 404), (LARGEST_BODY + 1, 413)):
        answer = client.generic("POST", "/nowhere/", b"x", CONTENT_LENGTH=str(length))
        assert answer.status_code == status


@pytest.mark.parametrize(
    "error",
    [
        ValueError("A string literal cannot contain NUL (0x00) characters."),
        DataError("value too long for type character varying(40)"),
        UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_no_column_holds_is_answered_and_not_a_failure(error: Exception) -> None:
    middleware = ErrorMiddleware(lambda _request: HttpResponse())
    request: HttpRequest = RequestFactory().post("/api/v1/x/")
    answer = middleware.process_exception(request, error)
    assert answer is not None
    assert answer.status_code == 400
    assert b"value.unstorable" in answer.content
    assert middleware.process_exception(request, ValueError("something else")) is None


def test_pages_of_people_signed_in_stay_in_no_cache(cast: Cast, settings: Settings) -> None:
    for who, path in (
        (cast.zhao, f"/people/{cast.project.pk}/"),
        (cast.zhao, "/pay/sheets/"),
        (cast.li, "/supervision/alarms/"),
    ):
        answer = cast.client(who).get(path)
        assert answer.status_code == 200, path
        assert {"private", "no-store"} <= set(answer["Cache-Control"].split(", ")), path
