"""What the evidence log holds about workers' answers, and how each is rebuilt from the notice kept."""

from collections.abc import Iterator, Mapping, Sequence

from django.utils.translation import gettext_lazy as _

from registration.models import HistoryShare, PostingNotice
from wagewatch.evidence.registry import register_kind

ACKNOWLEDGED, DENIED, TOLD, SHARED = (
    "posting.acknowledged",
    "posting.denied",
    "posting.told",
    "history.shared",
)
Kind = PostingNotice.Kind
KINDS: Mapping[str, str] = {
    Kind.RIGHT: ACKNOWLEDGED,
    Kind.NOT_ME: DENIED,
    Kind.WRONG: TOLD,
    Kind.LEAVING: TOLD,
}
Record = Mapping[str, object]


def notice_subject(notice: PostingNotice) -> str:
    """E.g. "notice:3.12" (project, number)."""
    return f"notice:{notice.project_id}.{notice.pk}"


def share_subject(share: HistoryShare) -> str:
    """E.g. "history:7"."""
    return f"history:{share.pk}"


def notice_record(notice: PostingNotice) -> Record:
    """What the worker said, about which terms; what the clerk did with it is not part of it."""
    return {
        "project": notice.project_id,
        "posting": notice.posting_id,
        "worker": notice.worker_id,
        "kind": notice.kind,
        "reason": notice.reason,
        "text": notice.text or "",
        "last_day": notice.last_day,
        "terms": notice.terms,
        "made_at": notice.made_at,
    }


def share_record(share: HistoryShare) -> Record:
    """The digest of what was shared, when, and until when."""
    return {
        "worker": share.worker_id,
        "sha256": bytes(share.sha256).hex(),
        "made_at": share.made_at,
        "expires_at": share.expires_at,
    }


def _load_notices(subjects: Sequence[str]) -> dict[str, Record]:
    keys = [s.partition(":")[2].split(".") for s in subjects]
    wanted = [(int(k[0]), int(k[1])) for k in keys if len(k) == 2 and all(part.isdigit() for part in k)]
    rows = PostingNotice.objects.filter(project__in={p for p, _n in wanted}, pk__in=[n for _p, n in wanted])
    return {notice_subject(n): notice_record(n) for n in rows}


def _load_shares(subjects: Sequence[str]) -> dict[str, Record]:
    numbers = [s.partition(":")[2] for s in subjects]
    rows = HistoryShare.objects.filter(pk__in=[int(n) for n in numbers if n.isdigit()])
    return {share_subject(s): share_record(s) for s in rows}


def _expected(*kinds: str, project: int | None) -> Iterator[str]:
    rows = PostingNotice.objects.filter(kind__in=kinds)
    rows = rows if project is None else rows.filter(project=project)
    for key in rows.values_list("project_id", "pk").iterator():
        yield "notice:{}.{}".format(*key)


def register() -> None:
    """Make the kinds known to the evidence log; called once when the app is ready."""
    register_kind(
        ACKNOWLEDGED,
        load_many=_load_notices,
        expected_subjects=lambda project: _expected(Kind.RIGHT, project=project),
        label=_("Work acknowledged by the worker"),
    )
    register_kind(
        DENIED,
        load_many=_load_notices,
        expected_subjects=lambda project: _expected(Kind.NOT_ME, project=project),
        label=_("Work denied by the worker"),
    )
    register_kind(
        TOLD,
        load_many=_load_notices,
        expected_subjects=lambda project: _expected(Kind.WRONG, Kind.LEAVING, project=project),
        label=_("Notice by the worker"),
    )
    register_kind(
        SHARED,
        load_many=_load_shares,
        expected_subjects=lambda project: (
            (share_subject(s) for s in HistoryShare.objects.iterator()) if project is None else iter(())
        ),
        label=_("Work history shared"),
    )
