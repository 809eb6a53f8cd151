"""The public log for programs: key, checkpoints, leaves, proofs. Read only, no sign-in, no personal data."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view, authentication_classes, permission_classes
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from wagewatch.evidence import keys, tree
from wagewatch.evidence.models import Checkpoint, Entry
from wagewatch.lib.errors import Malformed, NotFound
from wagewatch.lib.merkle import ProofError

LEAVES_PER_PAGE = 1000
CHECKPOINTS_PER_PAGE = 100
TEXT = "text/plain; charset=utf-8"


@require_safe
def key(request: HttpRequest) -> HttpResponse:
    """The public keys of this log, one vkey a line, today's first."""
    return HttpResponse("".join(f"{accepted}\n" for accepted in keys.accepted_keys()), content_type=TEXT)


@require_safe
def checkpoint(request: HttpRequest, size: int | None = None) -> HttpResponse:
    """The newest signed checkpoint, or the one of a size, as the signed note itself."""
    found = tree.latest_checkpoint() if size is None else Checkpoint.objects.filter(size=size).first()
    if found is None:
        raise NotFound("evidence.no_checkpoint", _("There is no checkpoint of this size."))
    return HttpResponse(found.note, content_type=TEXT)


@extend_schema(
    operation_id="evidence_checkpoints",
    parameters=[OpenApiParameter("before", int, description="only checkpoints smaller than this size")],
    responses=OpenApiTypes.OBJECT,
)
@api_view(["GET"])
@authentication_classes([])
@permission_classes([AllowAny])
def checkpoints(request: Request) -> Response:
    """The newest hundred checkpoints, newest first."""
    rows = Checkpoint.objects.order_by("-size")
    before = request.query_params.get("before")
    if before is not None:
        if not (before.isascii() and before.isdigit()) or len(before) > 18:
            raise Malformed("evidence.number", _("Write a whole number."))
        rows = rows.filter(size__lt=int(before))
    found = rows.values("size", "root", "at", "key_id", "note")[:CHECKPOINTS_PER_PAGE]
    return Response({"checkpoints": [{**row, "root": bytes(row["root"]).hex()} for row in found]})


@extend_schema(operation_id="evidence_entry", responses=OpenApiTypes.OBJECT)
@api_view(["GET"])
@authentication_classes([])
@permission_classes([AllowAny])
def entry(request: Request, pk: UUID) -> Response:
    """One entry by receipt number: its stage, place and public leaf."""
    found = Entry.objects.filter(pk=pk).first()
    if found is None:
        raise NotFound("evidence.no_entry", _("There is no receipt with this number. Check the number."))
    return Response(
        {
            "receipt": str(found.pk),
            "stage": tree.stage_of(found).value,
            "index": found.leaf_index,
            "leaf": found.leaf(),
        }
    )


@extend_schema(operation_id="evidence_leaves", responses=OpenApiTypes.OBJECT)
@api_view(["GET"])
@authentication_classes([])
@permission_classes([AllowAny])
def leaves(request: Request, start: int) -> Response:
    """Up to a thousand published leaves from an index on: enough to keep a copy of the whole log."""
    latest = tree.latest_checkpoint()
    size = latest.size if latest else 0
    rows: list[Entry] = []
    if start < size:
        rows = list(
            Entry.objects.filter(leaf_index__gte=start, leaf_index__lt=size).order_by("leaf_index")[
                :LEAVES_PER_PAGE
            ]
        )
    return Response({"start": start, "size": size, "leaves": [row.leaf() for row in rows]})


@extend_schema(operation_id="evidence_inclusion", responses=OpenApiTypes.OBJECT)
@api_view(["GET"])
@authentication_classes([])
@permission_classes([AllowAny])
def inclusion(request: Request, index: int, size: int) -> Response:
    """The RFC 9162 inclusion proof of a leaf in the tree of a size (hexadecimal hashes)."""
    return _proof(lambda: tree.inclusion_proof(index, size), index=index, size=size)


@extend_schema(operation_id="evidence_consistency", responses=OpenApiTypes.OBJECT)
@api_view(["GET"])
@authentication_classes([])
@permission_classes([AllowAny])
def consistency(request: Request, first: int, second: int) -> Response:
    """The RFC 9162 consistency proof between two sizes (hexadecimal hashes)."""
    return _proof(lambda: tree.consistency_proof(first, second), first=first, second=second)


def _proof(make: Callable[[], list[bytes]], **numbers: int) -> Response:
    try:
        proof = make()
    except ProofError:
        raise NotFound(
            "evidence.outside", _("The log has no such place. Ask for sizes up to the newest checkpoint.")
        ) from None
    answer = {**numbers, "hash": tree.tree_algorithm().name, "proof": [part.hex() for part in proof]}
    return Response(answer, headers={"Cache-Control": "public, max-age=86400"})
