"""The picture of a month's money: from where it came to the special account, and to whom it went.

A drawing of our own as SVG, without style or script (CSP); `FlowMonth` adds up by itself: what was there and came
is what went and is left. The table beside it says the same in figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from wagewatch.lib.money import format_cny


@dataclass(frozen=True)
class Stream:
    """One stream into or out of the account; `kind` is the class that colours it."""

    kind: str
    label: str
    fen: int
    note: str = ""


@dataclass(frozen=True)
class Layout:
    """Where columns and words stand, in units of the drawing. `beside` puts words next to the bars, else above."""

    width: int
    left: int
    middle: int
    right: int
    bar: int
    tall: int
    slot: int
    beside: bool
    name: str


WIDE = Layout(960, 236, 472, 708, 14, 300, 46, True, "wide")
PHONE = Layout(343, 0, 165, 333, 10, 300, 44, False, "phone")
GAP = 14
LEAST = 2.0
"""No stream is thinner than this, however small: what moved must be seen."""


@dataclass(frozen=True)
class _Bar:
    stream: Stream
    top: float
    height: float
    middle_top: float
    middle_height: float


def draw(
    ins: Sequence[Stream], outs: Sequence[Stream], *, account: str, label: str, layout: Layout
) -> SafeString:
    """The drawing of one month; empty where nothing was there and nothing moved."""
    total = max(sum(s.fen for s in ins), sum(s.fen for s in outs))
    if total <= 0:
        return mark_safe("")
    scale = layout.tall / total
    head = 0 if layout.beside else 40
    columns = [_column(part, scale, layout, head) for part in (ins, outs)]
    height = max(column[1] for column in columns) + 8
    core = max(layout.tall * 1.0, *(sum(b.middle_height for b in bars) for bars, _h in columns))
    shift = (height - core) / 2 if layout.beside else head
    height = max(height, shift + core + 24)
    parts = [
        _side(bars, layout, shift, left=left) for (bars, _h), left in zip(columns, (True, False), strict=True)
    ]
    middle = format_html(
        '<rect class="flow-account" x="{}" y="{}" width="{}" height="{}" rx="3"></rect>'
        '<text class="flow-name" text-anchor="middle" x="{}" y="{}">{}</text>',
        layout.middle, _n(shift), layout.bar, _n(core), layout.middle + layout.bar / 2, _n(shift - 8), account,
    )  # fmt: skip
    if not layout.beside:
        middle = format_html(
            '<rect class="flow-account" x="{}" y="{}" width="{}" height="{}" rx="3"></rect>',
            layout.middle, _n(shift), layout.bar, _n(core),
        )  # fmt: skip
    top = -24 if layout.beside and shift < 24 else 0
    return format_html(
        '<svg class="flow flow-{}" viewBox="0 {} {} {}" role="img" aria-label="{}">{}{}{}</svg>',
        layout.name, top, layout.width, _n(height - top), label, parts[0], parts[1], middle,
    )  # fmt: skip


def _column(streams: Sequence[Stream], scale: float, layout: Layout, head: int) -> tuple[list[_Bar], float]:
    """The bars of one side, from the top, each with room for its words; and where the column ends."""
    bars, y, middle = [], 0.0, 0.0
    for stream in streams:
        height = max(LEAST, stream.fen * scale)
        top = y + head
        bars.append(_Bar(stream, top, height, middle, height))
        y = top + height + GAP if head else y + max(layout.slot, height) + GAP
        middle += height
    return bars, y


def _side(bars: Sequence[_Bar], layout: Layout, shift: float, *, left: bool) -> SafeString:
    x = layout.left if left else layout.right
    inner = x + layout.bar if left else x
    core = layout.middle if left else layout.middle + layout.bar
    bend = (inner + core) / 2
    bands = format_html_join(
        "",
        '<path class="flow-band flow-{}" d="M{} {} C{} {} {} {} {} {} L{} {} C{} {} {} {} {} {} Z"></path>',
        (
            (
                b.stream.kind,
                inner, _n(b.top), bend, _n(b.top), bend, _n(shift + b.middle_top), core, _n(shift + b.middle_top),
                core, _n(shift + b.middle_top + b.middle_height),
                bend, _n(shift + b.middle_top + b.middle_height), bend, _n(b.top + b.height), inner,
                _n(b.top + b.height),
            )
            for b in bars
        ),
    )  # fmt: skip
    rects = format_html_join(
        "",
        '<rect class="flow-bar flow-{}" x="{}" y="{}" width="{}" height="{}" rx="2"></rect>',
        ((b.stream.kind, x, _n(b.top), layout.bar, _n(b.height)) for b in bars),
    )
    if layout.beside:
        words_x, anchor = (x - 12, "end") if left else (x + layout.bar + 12, "start")
    else:
        words_x, anchor = (0, "start") if left else (layout.width, "end")
    words = format_html_join(
        "",
        '<text class="flow-name" text-anchor="{}" x="{}" y="{}">{}</text>'
        '<text class="flow-sum" text-anchor="{}" x="{}" y="{}">{}</text>',
        (
            (anchor, words_x, _n(y), b.stream.label, anchor, words_x, _n(y + 18), format_cny(b.stream.fen))
            for b in bars
            for y in [b.top + (max(b.height, layout.slot - 10) / 2 - 4 if layout.beside else -25)]
        ),
    )
    return bands + rects + words


def _n(value: float) -> str:
    return f"{value:.1f}"
