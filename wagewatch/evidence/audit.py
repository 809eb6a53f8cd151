"""Rebuilding everything from the entries, without trusting what the writer stored.

Shares with the writer only the definitions: the tree's arithmetic, canonical bytes, the leaf and the note.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import islice
from operator import attrgetter, itemgetter
from typing import TypeVar

from django.db.models import Count

from wagewatch.evidence import keys, registry
from wagewatch.evidence.leaves import hash_of_leaf, salted_hash
from wagewatch.evidence.models import Checkpoint, Entry, Subtree
from wagewatch.evidence.notes import NoteError, VerifierKey, open_checkpoint, read_checkpoint
from wagewatch.lib.canonical import CanonicalError
from wagewatch.lib.merkle import SHA256, RightEdge, algorithm_named

CHUNK = 2000
T = TypeVar("T")


class Problem(StrEnum):
    """What can be wrong, in the order of the report."""

    ENTRY_MISSING = "entry_missing"  # a place in the log without its entry
    ENTRY_CHANGED = "entry_changed"  # the entry and its stored leaf hash disagree
    SUBTREE_CHANGED = "subtree_changed"
    SUBTREE_MISSING = "subtree_missing"
    SUBTREE_EXTRA = "subtree_extra"
    CHECKPOINT_CHANGED = "checkpoint_changed"  # its columns and its signed note disagree
    CHECKPOINT_SIGNATURE = "checkpoint_signature"
    CHECKPOINT_ROOT = "checkpoint_root"  # signed, but not what the entries give
    CHECKPOINT_AHEAD = "checkpoint_ahead"  # the log was cut off behind it
    SUBJECT_CHANGED = "subject_changed"
    RECORD_CHANGED = "record_changed"
    RECORD_GONE = "record_gone"
    RECORD_UNRECORDED = "record_unrecorded"  # a row that must have an entry, and has none


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, with what names it."""

    problem: Problem
    kind: str = ""
    subject: str = ""
    entry: str = ""
    where: str = ""


@dataclass
class Report:
    """What was looked at, and what was found."""

    leaves: int = 0
    checkpoints: int = 0
    records: int = 0
    superseded: int = 0
    waiting: int = 0
    unknown_kinds: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Nothing is wrong."""
        return not self.findings


def audit(
    *, project_id: int | None = None, since: datetime | None = None, saved: Sequence[str] = ()
) -> Report:
    """Check the tree and its checkpoints as a whole, and the records of one project or all, from a moment on.

    `saved` are checkpoint notes that were kept elsewhere: the log must still agree with them. Only they show
    that the end of the log was cut off together with its own checkpoints.
    """
    report = Report()
    _check_tree(report, saved)
    _check_records(report, project_id, since)
    _check_expected(report, project_id)
    report.findings.sort(key=lambda finding: list(Problem).index(finding.problem))
    return report


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Lists of up to `size` items."""
    source = iter(items)
    while group := list(islice(source, size)):
        yield group


def _check_tree(report: Report, saved: Sequence[str]) -> None:
    """Every leaf again in order; every stored hash and every checkpoint compared on the way."""
    entries = Entry.objects.filter(leaf_index__isnull=False).order_by("leaf_index").iterator(CHUNK)
    stored = _StoredNodes(report)
    checkpoints = _Checkpoints(report, saved)
    edge = RightEdge(SHA256)
    whole = True
    for entry in entries:
        if edge.size == 0:
            edge = RightEdge(algorithm_named(entry.algorithm))
        if entry.leaf_index != edge.size:
            whole = False  # behind a gap no hash can be rebuilt
            _report_gap(report, edge.size, entry.leaf_index or 0)
            break
        for level, index, value in edge.append(hash_of_leaf(entry.leaf(), edge.algorithm)):
            stored.expect(level, index, value, entry)
        checkpoints.reached(edge)
        report.leaves += 1
        if report.leaves % CHUNK == 0:
            stored.compare()
    stored.compare()
    if whole:
        stored.compare_count()
        checkpoints.left_over()
    checkpoints.report_roots()


def _report_gap(report: Report, expected: int, found: int) -> None:
    where = f"{expected}" if found == expected + 1 else f"{expected}-{found - 1}"
    report.findings.append(Finding(Problem.ENTRY_MISSING, where=where))


class _StoredNodes:
    """Compares stored subtree hashes with rebuilt ones, some thousand at a time."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.expected: dict[tuple[int, int], tuple[bytes, Entry]] = {}
        self.wrong: set[tuple[int, int]] = set()
        self.total = 0
        self.missing = 0

    def expect(self, level: int, index: int, value: bytes, entry: Entry) -> None:
        self.expected[(level, index)] = (value, entry)
        self.total += 1

    def compare(self) -> None:
        by_level: dict[int, list[int]] = {}
        for level, index in self.expected:
            by_level.setdefault(level, []).append(index)
        stored: dict[tuple[int, int], bytes] = {}
        for level, indexes in by_level.items():
            rows = Subtree.objects.filter(level=level, index__range=(min(indexes), max(indexes)))
            stored.update({(level, i): bytes(h) for i, h in rows.values_list("index", "hash")})
        for (level, index), (value, entry) in sorted(self.expected.items(), key=itemgetter(0)):
            kept = stored.get((level, index))
            if kept != value:
                self._differs(level, index, kept, entry)
        self.expected.clear()

    def _differs(self, level: int, index: int, kept: bytes | None, entry: Entry) -> None:
        """Report a difference where it begins: above a wrong hash every hash is wrong."""
        self.wrong.add((level, index))
        self.missing += kept is None
        if kept is None:
            self.report.findings.append(Finding(Problem.SUBTREE_MISSING, where=f"{level}/{index}"))
        elif level == 0:
            self.report.findings.append(
                Finding(Problem.ENTRY_CHANGED, entry.kind, entry.subject, str(entry.pk), f"{index}")
            )
        elif not {(level - 1, 2 * index), (level - 1, 2 * index + 1)} & self.wrong:
            self.report.findings.append(Finding(Problem.SUBTREE_CHANGED, where=f"{level}/{index}"))

    def compare_count(self) -> None:
        extra = Subtree.objects.count() - (self.total - self.missing)
        if extra > 0:
            self.report.findings.append(Finding(Problem.SUBTREE_EXTRA, where=str(extra)))


@dataclass(frozen=True)
class _Published:
    """A checkpoint as the table or a saved note has it."""

    size: int
    root: bytes
    note: str


class _Checkpoints:
    """Walks the published checkpoints beside the growing tree."""

    def __init__(self, report: Report, saved: Sequence[str]) -> None:
        self.report = report
        self.keys = keys.accepted_keys()
        rows = Checkpoint.objects.order_by("size").values_list("size", "root", "note").iterator(CHUNK)
        published = (_Published(size, bytes(root), note) for size, root, note in rows)
        self.waiting = heapq.merge(published, self._saved(saved), key=attrgetter("size"))
        self.next = next(self.waiting, None)
        self.contradicted: list[int] = []

    def _saved(self, notes: Sequence[str]) -> list[_Published]:
        found = []
        for note in notes:
            try:
                said = read_checkpoint(note)
            except NoteError:
                self.report.findings.append(Finding(Problem.CHECKPOINT_SIGNATURE, where="?"))
                continue
            found.append(_Published(said.size, said.root, note))
        return sorted(found, key=attrgetter("size"))

    def reached(self, edge: RightEdge) -> None:
        while self.next is not None and self.next.size <= edge.size:
            self._check(self.next, edge)
            self.next = next(self.waiting, None)

    def left_over(self) -> None:
        """Checkpoints of a longer log than there is."""
        ahead = []
        while self.next is not None:
            self.report.checkpoints += 1
            ahead.append(self.next.size)
            self.next = next(self.waiting, None)
        if ahead:
            self.report.findings.append(Finding(Problem.CHECKPOINT_AHEAD, where=_sizes(ahead)))

    def report_roots(self) -> None:
        """One finding for all: behind the first contradiction every root differs."""
        if self.contradicted:
            self.report.findings.append(Finding(Problem.CHECKPOINT_ROOT, where=_sizes(self.contradicted)))

    def _check(self, checkpoint: _Published, edge: RightEdge) -> None:
        self.report.checkpoints += 1
        where = str(checkpoint.size)
        if not _signed(checkpoint.note, self.keys):
            self.report.findings.append(Finding(Problem.CHECKPOINT_SIGNATURE, where=where))
            return
        said = read_checkpoint(checkpoint.note)
        if (said.size, said.root) != (checkpoint.size, checkpoint.root):
            self.report.findings.append(Finding(Problem.CHECKPOINT_CHANGED, where=where))
        elif said.size == edge.size and said.root != edge.root():
            self.contradicted.append(said.size)


def _sizes(sizes: list[int]) -> str:
    return str(sizes[0]) if len(sizes) == 1 else f"{sizes[0]}-{sizes[-1]} ({len(sizes)})"


def _signed(note: str, accepted: list[VerifierKey]) -> bool:
    for key in accepted:
        try:
            open_checkpoint(note, key)
        except NoteError:
            continue
        return True
    return False


def _check_records(report: Report, project_id: int | None, since: datetime | None) -> None:
    """Today's rows against the last entry of each subject; earlier entries of it are superseded."""
    entries = Entry.objects.all()
    if project_id is not None:
        entries = entries.filter(project_id=project_id)
    # PostgreSQL puts nulls first when descending: an entry not yet sequenced is the newest.
    latest = entries.order_by("kind", "subject", "-leaf_index", "-recorded_at", "-id").distinct(
        "kind", "subject"
    )
    if since is not None:
        entries = entries.filter(recorded_at__gte=since)
    report.waiting = entries.filter(leaf_index__isnull=True).count()
    for name, count in entries.values_list("kind").annotate(n=Count("id")).order_by("kind"):
        kind = registry.kind_named(name)
        if kind is None:
            report.unknown_kinds[name] = count
            continue
        compared = report.records
        for group in chunks(latest.filter(kind=name).iterator(CHUNK)):
            chosen = [entry for entry in group if since is None or entry.recorded_at >= since]
            records = kind.load_many([entry.subject for entry in chosen]) if chosen else {}
            for entry in chosen:
                _check_record(report, entry, records.get(entry.subject))
        report.superseded += count - (report.records - compared)


def _check_record(report: Report, entry: Entry, record: registry.Record | None) -> None:
    report.records += 1
    algorithm = algorithm_named(entry.algorithm)
    salt = bytes(entry.salt)

    def find(problem: Problem) -> None:
        report.findings.append(Finding(problem, entry.kind, entry.subject, str(entry.pk)))

    if salted_hash(salt, entry.subject, algorithm) != bytes(entry.subject_hash):
        find(Problem.SUBJECT_CHANGED)
    elif record is None:
        find(Problem.RECORD_GONE)
    else:
        try:
            same = salted_hash(salt, record, algorithm) == bytes(entry.record_hash)
        except CanonicalError:
            same = False
        if not same:
            find(Problem.RECORD_CHANGED)


def _check_expected(report: Report, project_id: int | None) -> None:
    """Rows that must have an entry and have none were put in past the services."""
    for kind in registry.all_kinds():
        if kind.expected_subjects is None:
            continue
        for group in chunks(kind.expected_subjects(project_id)):
            known = set(
                Entry.objects.filter(kind=kind.name, subject__in=group).values_list("subject", flat=True)
            )
            report.findings.extend(
                Finding(Problem.RECORD_UNRECORDED, kind.name, subject)
                for subject in group
                if subject not in known
            )
