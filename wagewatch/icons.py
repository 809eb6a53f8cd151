"""The few icons of the interface, drawn for it on a 24 × 24 grid; other names come from the lucide package."""

from functools import lru_cache
from xml.etree import ElementTree

from django.utils.safestring import SafeString, mark_safe
from lucide import IconDoesNotExist, _load_icon

_MARK = '<path class="mark" d="M12 6.8v6.4M12 16.9v.2"/>'

ICONS: dict[str, str] = {
    "home": '<path d="M4 11 12 4l8 7v9h-5.5v-6h-5v6H4z"/>',
    "project": '<path d="M3 20h18M5 20V9l7-5 7 5v11M9.5 20v-6h5v6"/>',
    "people": '<circle cx="9" cy="8" r="3.2"/><path d="M3 20c0-4 2.6-6 6-6s6 2 6 6M16 5.3a3.2 3.2 0 0 1 0 '
    '5.4M17 14.3c2.6.5 4 2.5 4 5.7"/>',
    "money": '<rect x="3" y="6" width="18" height="12" rx="1.5"/><circle cx="12" cy="12" r="2.6"/>'
    '<path d="M6 9.5v5M18 9.5v5"/>',
    "alarm": '<path d="M6 16V11a6 6 0 1 1 12 0v5l1.5 2h-15zM10 20.5h4"/>',
    "case": '<path d="M3.5 7h6l2 2.5h9V19h-17z"/>',
    "report": '<path d="M5 20V11M10 20V5M15 20v-7M20 20V8"/>',
    "calendar": '<rect x="3.5" y="5" width="17" height="15.5" rx="1.5"/><path d="M3.5 10h17M8 2.8v4M16 2.8v4"/>',
    "document": '<path d="M6 3h8.5L19 7.5V21H6zM14 3v5h5M9 12.5h7M9 16.5h7"/>',
    "person": '<circle cx="12" cy="8" r="4"/><path d="M4 20.5c.6-4.3 3.6-6.5 8-6.5s7.4 2.2 8 6.5"/>',
    "gate": '<path d="M5 21V4M19 21V4M5 8h14M5 15h14"/>',
    "pen": '<path d="M4 20l1-4.5L16 4.5 19.5 8 8.5 19zM13.5 7l3.5 3.5"/>',
    "stamp": '<path d="M9.5 13c.8-3-1.3-4.3-1.3-6.5a3.8 3.8 0 0 1 7.6 0c0 2.2-2.1 3.5-1.3 6.5H18a1.5 1.5 0 0 1 '
    '1.5 1.5V17h-15v-2.5A1.5 1.5 0 0 1 6 13zM5 20.5h14"/>',
    "send": '<path d="M21 3 3 10.5l7 3 3 7zM10 13.5 21 3"/>',
    "bank": '<path d="M3.5 9.5 12 4l8.5 5.5zM5.5 9.5V17M10 9.5V17M14 9.5V17M18.5 9.5V17M3.5 20h17M4.5 17h15"/>',
    "proof": '<path d="M12 3 5 5.5V11c0 4.5 2.8 7.8 7 10 4.2-2.2 7-5.5 7-10V5.5zM8.8 11.8l2.3 2.3 4.1-4.3"/>',
    "check": '<path d="m5 12.5 4.5 4.5L19 7.5"/>',
    "cross": '<path d="M6 6l12 12M18 6 6 18"/>',
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "equal": '<path d="M5 9.5h14M5 14.5h14"/>',
    "clock": '<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5.2l3.4 2"/>',
    "search": '<circle cx="10.5" cy="10.5" r="6"/><path d="m15 15 5 5"/>',
    "download": '<path d="M12 4v12M7 11l5 5 5-5M4 20h16"/>',
    "upload": '<path d="M12 16V4M7 9l5-5 5 5M4 20h16"/>',
    "print": '<path d="M7 8V3.5h10V8M6 17H3.5V8h17v9H18M7 14h10v6.5H7z"/>',
    "eye": '<path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z"/>'
    '<circle cx="12" cy="12" r="2.8"/>',
    "back": '<path d="M15 5l-7 7 7 7"/>',
    "speak": '<path d="M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM15.5 9a4 4 0 0 1 0 6M18 6.5a7.5 7.5 0 0 1 0 11"/>',
    "microphone": '<rect x="9" y="3" width="6" height="11" rx="3"/><path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3"/>',
    "camera": '<path d="M3.5 7.5H8L9.5 5h5L16 7.5h4.5V19h-17z"/><circle cx="12" cy="13" r="3.5"/>',
    "phone": '<path d="M6 3.5h3.5l1.5 4.5-2 1.5a12 12 0 0 0 5.5 5.5l1.5-2 4.5 1.5V18c0 1.5-1 2.5-2.5 2.5C10.5 '
    '20.5 3.5 13.5 3.5 6c0-1.5 1-2.5 2.5-2.5z"/>',
    "menu": '<path d="M4 7h16M4 12h16M4 17h16"/>',
    "theme": '<circle cx="12" cy="12" r="8"/><path d="M12 4a8 8 0 0 1 0 16z" class="fill"/>',
    "language": '<circle cx="12" cy="12" r="8.5"/><path d="M3.5 12h17M12 3.5c2.6 2.5 3.8 5.3 3.8 8.5s-1.2 6-3.8 '
    '8.5c-2.6-2.5-3.8-5.3-3.8-8.5s1.2-6 3.8-8.5z"/>',
    "leave": '<path d="M13 4H5v16h8M10 12h10M16.5 8.5 20 12l-3.5 3.5"/>',
    "copy": '<path d="M8.5 8.5V4H20v11.5h-4.5M4 8.5h11.5V20H4z"/>',
    "red": '<path class="fill" d="M7 2h10l5 5v10l-5 5H7l-5-5V7z"/>' + _MARK,
    "orange": '<path class="fill" d="M12 2.5 23 21.5H1z"/><path class="mark" d="M12 9v5.4M12 17.9v.2"/>',
    "yellow": '<circle class="fill" cx="12" cy="12" r="10"/>' + _MARK,
}


@lru_cache(maxsize=256)
def body(name: str) -> str:
    """Inner SVG of an icon; raises KeyError for a name neither we nor lucide know."""
    if name in ICONS:
        return ICONS[name]
    try:
        node = _load_icon(name)
    except IconDoesNotExist:
        raise KeyError(f"no icon named {name!r}") from None
    inner = "".join(ElementTree.tostring(child, encoding="unicode") for child in node)
    return inner.replace(' xmlns="http://www.w3.org/2000/svg"', "")


def svg(name: str) -> SafeString:
    """An icon as inline SVG in the colour of the text; hidden from screen readers, so a word stands beside it."""
    return mark_safe(f'<svg class="i" viewBox="0 0 24 24" aria-hidden="true">{body(name)}</svg>')  # noqa: S308
