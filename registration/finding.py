"""Find people by what one remembers of them: name, initials, the end of the ID number, or a whole number.

Whole numbers are looked up by their blind index and belong into the body of a request, never into an
address (`is_whole_number`).
"""

import re
from typing import NamedTuple

from django.contrib.postgres.lookups import TrigramSimilar
from django.contrib.postgres.search import TrigramSimilarity
from django.db.models import F, Q, QuerySet

from registration.models import Posting, Worker
from wagewatch.lib.crypto import blind_index
from wagewatch.lib.documents import index_text, normalise_document
from wagewatch.lib.errors import Malformed
from wagewatch.lib.identity import check_id_number, normalise_phone
from wagewatch.lib.names import DOT, normalise_name
from wagewatch.lib.pinyin import searched_initials
from wagewatch.lib.texts import clean

LONGEST = 60
FEW = 1000
_TAIL = re.compile(r"\d{3}[\dXx]")
_WHOLE = re.compile(r"[A-Za-z]{0,3}\d{7,}[\dXx]?")


class Finding(NamedTuple):
    """Postings of the people found; `is_close` when nobody fits exactly and these are the most similar."""

    postings: QuerySet[Posting]
    is_close: bool = False


def typed_words(text: str) -> str:
    """What was typed into a search box, cut to what can be meant."""
    return text.replace("\x00", "").strip()[:LONGEST]


def is_whole_number(words: str) -> bool:
    """Whether this is a whole ID, document or phone number, which must not stand in an address."""
    return bool(_WHOLE.fullmatch(clean(words, drop=" -")[0]))


def find_people(postings: QuerySet[Posting], words: str) -> Finding:
    """The postings of people whom `words` describe, within `postings`.

    A part of the name, the beginning of its pinyin initials (``sdw``) or of a Latin word, the last four
    of the ID number, or a whole ID, permit or phone number. When no name fits exactly, similar ones
    (trigrams; the nearest first).
    """
    words = typed_words(words)
    if not words:
        return Finding(postings)
    if is_whole_number(words):
        return Finding(_of_workers(postings, _by_number(words)))
    found = _of_workers(postings, _by_words(words))
    name = _as_name(words)
    if len(name) < 2 or _TAIL.fullmatch(words) or searched_initials(words) or found.exists():
        return Finding(found)
    near = _of_workers(postings, Q(TrigramSimilar(F("name"), name)))
    near = near.annotate(nearness=TrigramSimilarity("worker__name", name))
    return Finding(near.order_by("-nearness", "worker__name", "pk"), is_close=True)


def _of_workers(postings: QuerySet[Posting], described: Q) -> QuerySet[Posting]:
    """Postings of the people described. Few people are fetched first, or the planner would walk all
    postings in the order of the page and look whether one fits; many are found soon on that walk."""
    people = Worker.objects.filter(described).order_by().values_list("pk", flat=True)
    few = list(people[: FEW + 1])
    return postings.filter(worker__in=few if len(few) <= FEW else people)


def _by_number(words: str) -> Q:
    """Everything that a whole number may be; each kind has an index of its own."""
    texts: list[tuple[str, str]] = []
    for kind, read in (
        ("id", lambda: check_id_number(words).number),
        ("id", lambda: index_text("10", normalise_document("10", words).value)),
        ("id", lambda: index_text("12", normalise_document("12", words).value)),
        ("phone", lambda: normalise_phone(words).value),
    ):
        try:
            texts.append((kind, read()))
        except Malformed:
            continue
    found = Q(pk__in=())
    for kind, text in texts:
        found |= Q(**{f"{kind}_index": blind_index(text, kind="id" if kind == "id" else "phone")})
    return found


def _by_words(words: str) -> Q:
    """Name, initials or tail. Every pattern is one that the trigram indexes can serve: two characters have
    no trigram inside a name, but at its ends they have."""
    if _TAIL.fullmatch(words):
        return Q(id_tail=words.upper())
    if initials := searched_initials(words):
        return Q(initials__contains=f" {initials}")
    name = _as_name(words)
    if len(name) >= 3:
        return Q(name__contains=name)
    return Q(name__startswith=name) | Q(name__endswith=name) | Q(name__contains=DOT + name)


def _as_name(words: str) -> str:
    """The words as a name would be kept: no spaces in Han names, one kind of dot."""
    try:
        return normalise_name(words).value
    except Malformed:
        return words
