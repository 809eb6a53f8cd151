"""The search box for people: words go into the address, whole ID and phone numbers never do."""

from django.contrib import messages
from django.http import HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext

from registration.finding import is_whole_number, typed_words
from registration.http import ActorRequest

KEPT = frozenset(("team", "state", "sort"))


def searched(request: ActorRequest) -> tuple[str, HttpResponseBase | None]:
    """What is looked for, and the redirect that answers instead, if one does.

    The box is sent by POST. Words are sent on into the address, so that the page can be kept and shared;
    a whole number is answered at once, and dropped where somebody wrote it into an address by hand.
    """
    if request.method == "POST":
        words = typed_words(request.POST.get("q", ""))
        if is_whole_number(words):
            return words, None
        address = QueryDict(mutable=True)
        for key in sorted(KEPT):
            if value := request.POST.get(key, "")[:40]:
                address[key] = value
        if words:
            address["q"] = words
        return words, redirect(f"{request.path}?{address.urlencode()}" if address else request.path)
    words = typed_words(request.GET.get("q", ""))
    if is_whole_number(words):
        text = gettext("Numbers of people do not belong into an address. Type them into the search box.")
        messages.warning(request, text)
        return "", redirect(request.path)
    return words, None
