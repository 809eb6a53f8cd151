"""Chinese texts without gettext's programs: collect, check and compile the message files of every app.

English is written in the code; each app keeps its Chinese in <app>/locale/zh_Hans/LC_MESSAGES/django.po.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import polib
from django.utils.translation.template import templatize

APPS = ("wagewatch", "registration", "devices", "payroll", "inspection")
FUNCTIONS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "now_": None,  # gettext beside a lazy _
    "_tr": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
_PLACEHOLDER = re.compile(r"%\((\w+)\)[-#0 +]*[\d.]*[a-zA-Z]|%[-#0 +]*[\d.]*[sdifgr]|\{(\w*)[^{}]*\}")
_PLURAL = "nplurals=1; plural=0;"
Key = tuple[str | None, str]


@dataclass
class Message:
    """One text of the source: context, singular, plural and the files that use it."""

    context: str | None
    text: str
    plural: str | None = None
    files: set[str] = field(default_factory=set)

    @property
    def key(self) -> Key:
        return (self.context, self.text)


@dataclass(frozen=True)
class Problem:
    """One thing --check found; path names the message file, or the source of a missing text."""

    path: str
    what: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}: {self.what}: {self.text!r}"


def owner(relative: Path) -> str:
    """The app whose message file holds the texts of a file: templates/<app>/… and <app>/…, else wagewatch."""
    parts = relative.parts
    first = parts[1] if parts[0] == "templates" and len(parts) > 2 else parts[0]
    return first if first in APPS else "wagewatch"


def _from_python(data: str, name: str) -> Iterator[Message]:
    try:
        ast.parse(data)
    except SyntaxError as error:
        raise ValueError(f"{name}:{error.lineno}: {error.msg}") from error
    yield from _messages(_calls(data))


def _from_template(data: str, name: str) -> Iterator[Message]:
    # templatize turns a template into text that reads like Python calls of gettext; its indents mean nothing.
    text = templatize(data, origin=name)
    yield from _messages(_calls("\n".join(line.strip() for line in text.split("\n"))))


def _calls(data: str) -> Iterable[tuple[Any, ...]]:
    # Needed by --update and --check only; machines that just compile do not install Babel.
    from babel.messages.extract import extract_python

    return extract_python(BytesIO(data.encode()), dict.fromkeys(FUNCTIONS), [], {"encoding": "utf-8"})


def _messages(rows: Iterable[tuple[Any, ...]]) -> Iterator[Message]:
    for _line, function, given, *_rest in rows:
        texts = [given] if isinstance(given, str) else list(given or ())
        plan = FUNCTIONS[function]
        if plan is None:
            if texts and isinstance(texts[0], str) and texts[0]:
                yield Message(None, texts[0])
            continue
        context, kept = None, []
        for place in plan:
            index = place[0] if isinstance(place, tuple) else place
            text = texts[index - 1] if len(texts) >= index else None
            if isinstance(place, tuple):
                context = text
            else:
                kept.append(text)
        if kept and isinstance(kept[0], str) and kept[0]:
            yield Message(context, kept[0], kept[1] if len(kept) > 1 else None)


def collect(root: Path) -> dict[str, dict[Key, Message]]:
    """Every text of the source by owning app; raises ValueError for a Python file that does not parse."""
    found: dict[str, dict[Key, Message]] = {app: {} for app in APPS}
    files = [p for app in APPS if (root / app).is_dir() for p in sorted((root / app).rglob("*.py"))]
    files += [p for p in sorted((root / "templates").rglob("*")) if p.suffix in {".html", ".txt"}]
    for path in files:
        relative = path.relative_to(root)
        if "migrations" in relative.parts or "locale" in relative.parts:
            continue
        read = _from_python if path.suffix == ".py" else _from_template
        store = found[owner(relative)]
        for message in read(path.read_text(encoding="utf-8"), str(relative)):
            kept = store.setdefault(message.key, message)
            kept.plural = kept.plural or message.plural
            kept.files.add(str(relative))
    return found


def po_path(root: Path, app: str) -> Path:
    """The Chinese message file of an app."""
    return root / app / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"


def load(path: Path) -> polib.POFile:
    """An existing message file, or an empty one with the right head."""
    if path.exists():
        return polib.pofile(str(path), encoding="utf-8", wrapwidth=100)
    book = polib.POFile(encoding="utf-8", wrapwidth=100)
    book.metadata = {
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
        "Language": "zh_Hans",
        "Plural-Forms": _PLURAL,
    }
    return book


def update(root: Path) -> dict[str, int]:
    """Add missing texts, drop unused empty ones; new texts per app.

    A text that another app has translated already is filled with the same words.
    """
    counts = {}
    everything = collect(root)
    said = {
        (e.msgctxt, e.msgid): e for app in reversed(APPS) for e in load(po_path(root, app)) if all(_texts(e))
    }
    for app, messages in everything.items():
        path = po_path(root, app)
        if not messages and not path.exists():
            continue
        book = load(path)
        known = {(e.msgctxt, e.msgid): e for e in book}
        for key, entry in known.items():
            if key not in messages and not _texts(entry, filled_only=True):
                book.remove(entry)
        added = 0
        for key, message in sorted(messages.items(), key=lambda item: (item[0][1], item[0][0] or "")):
            if key in known:
                if message.plural and not known[key].msgid_plural:
                    known[key].msgid_plural = message.plural
                    known[key].msgstr_plural = {0: known[key].msgstr}
                    known[key].msgstr = ""
                continue
            plural = {"msgid_plural": message.plural, "msgstr_plural": {0: ""}} if message.plural else {}
            book.append(polib.POEntry(msgctxt=message.context, msgid=message.text, msgstr="", **plural))
            added += 1
        counts[app] = added
        for entry in book:
            other = said.get((entry.msgctxt, entry.msgid))
            if (
                other
                and not _texts(entry, filled_only=True)
                and bool(other.msgid_plural) == bool(entry.msgid_plural)
            ):
                entry.msgstr, entry.msgstr_plural = other.msgstr, dict(other.msgstr_plural)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".po.tmp")
        book.save(str(draft))
        draft.replace(path)
    return counts


def _texts(entry: polib.POEntry, *, filled_only: bool = False) -> list[str]:
    texts = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
    return [t for t in texts if t] if filled_only else texts


def placeholders(text: str) -> set[str]:
    """The placeholders of a text, %(name)s, %s and {name}, without width; a doubled %% is none."""
    found = _PLACEHOLDER.finditer(text.replace("%%", ""))
    return {
        re.sub(r"[-#0 +\d.]*([a-zA-Z])$", r"\1", m.group(0)) if "%" in m.group(0) else m.group(0)
        for m in found
    }


def check(root: Path, apps: Iterable[str] = APPS) -> list[Problem]:
    """What --check complains about: missing, untranslated, fuzzy, unused, other placeholders, a twice-held text."""
    problems: list[Problem] = []
    everything = collect(root)
    for app in apps:
        messages, path = everything[app], po_path(root, app)
        name = str(path.relative_to(root))
        book = load(path)
        known = {(e.msgctxt, e.msgid): e for e in book if not e.obsolete}
        for key, message in messages.items():
            if key not in known:
                problems.append(Problem(sorted(message.files)[0], "not in the message file", message.text))
        for key, entry in known.items():
            if key not in messages:
                problems.append(Problem(name, "unused", entry.msgid))
                continue
            texts = _texts(entry)
            if not all(texts) or not texts:
                problems.append(Problem(name, "untranslated", entry.msgid))
            if entry.fuzzy:
                problems.append(Problem(name, "fuzzy", entry.msgid))
            for text in filter(None, texts):
                wanted = placeholders(entry.msgid) | placeholders(entry.msgid_plural or "")
                needed = placeholders(entry.msgid) & placeholders(entry.msgid_plural or entry.msgid)
                got = placeholders(text)
                if not needed <= got or not got <= wanted:
                    problems.append(
                        Problem(name, f"placeholders differ ({sorted(got ^ wanted)})", entry.msgid)
                    )
    return problems + _conflicts(root, apps)


def _conflicts(root: Path, apps: Iterable[str]) -> list[Problem]:
    # Django merges all message files into one, so a text that two apps share must have one translation.
    first: dict[Key, tuple[str, list[str]]] = {}
    problems = []
    chosen = set(apps)
    for app in sorted(APPS):
        for entry in load(po_path(root, app)):
            texts = _texts(entry)
            other, theirs = first.setdefault((entry.msgctxt, entry.msgid), (app, texts))
            if theirs != texts and all(texts) and all(theirs) and chosen & {app, other}:
                name = str(po_path(root, app).relative_to(root))
                problems.append(Problem(name, f"translated differently by {other} and {app}", entry.msgid))
    return problems


def compile_all(root: Path) -> list[Path]:
    """Write the .mo of every .po that is newer than it; the files written."""
    written = []
    for app in APPS:
        for source in sorted((root / app).glob("locale/*/LC_MESSAGES/django.po")):
            target = source.with_suffix(".mo")
            if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
                continue
            book = polib.pofile(str(source), encoding="utf-8")
            draft = target.with_suffix(".mo.tmp")
            book.save_as_mofile(str(draft))
            draft.replace(target)
            written.append(target)
    return written
