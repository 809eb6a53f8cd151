"""Small charts: pygal computes the shapes, our style sheet colours them; no inline style, no script (CSP).

One question a chart; the title that states the finding belongs to the page, values stand on the shapes.
"""

import functools
from collections.abc import Sequence
from typing import Any

import pygal
from django.utils.safestring import SafeString, mark_safe
from lxml import etree
from pygal.style import Style

_SVG = "{http://www.w3.org/2000/svg}"
_KEEP = {"x", "y", "width", "height", "d", "cx", "cy", "r", "transform", "viewBox"}
LINE, LETTER = 14, 6.8
"""Of a label: from one line to the next, and the width of a Latin letter."""
DOTTED = 31
"""A line with more points is drawn without dots."""
_QUIET = Style(background="transparent", plot_background="transparent", font_family="sans-serif")


def bars(
    points: Sequence[tuple[str, float]],
    *,
    label: str,
    now: int | None = None,
    unit: str = "",
    height: int = 300,
) -> SafeString:
    """Upright bars, one per (name, value); now is the index of the bar in full accent; label for screen readers."""
    return _drawn(pygal.Bar, tuple(points), label, now, unit, height)


def line(
    points: Sequence[tuple[str, float]],
    *,
    label: str,
    now: int | None = None,
    unit: str = "",
    height: int = 300,
) -> SafeString:
    """A line over (name, value); the last or the point named by now carries its value."""
    return _drawn(pygal.Line, tuple(points), label, now, unit, height)


@functools.lru_cache(maxsize=256)
def _drawn(
    kind: Any, points: tuple[tuple[str, float], ...], label: str, now: int | None, unit: str, height: int
) -> SafeString:
    # Pure, and a third of the time that a page takes; its figures change every few minutes.
    chart = kind(**_options(height))
    chart.x_labels = [name for name, _ in points]
    chart.add("", [value for _, value in points])
    return _dress(chart, points, label=label, now=now, unit=unit)


def _options(height: int) -> dict[str, Any]:
    return {
        "style": _QUIET,
        "width": 560,
        "height": height,
        "show_legend": False,
        "show_y_labels": False,
        "show_y_guides": False,
        "show_x_guides": False,
        "margin": 4,
        "margin_top": 20,
        "js": [],
        "disable_xml_declaration": True,
        "include_x_axis": True,
        "print_values": False,
        "no_prefix": True,
        "zero": 0,
    }


def _dress(
    chart: Any, points: Sequence[tuple[str, float]], *, label: str, now: int | None, unit: str
) -> SafeString:
    """Take the boxes and lines out of pygal's drawing and give them our classes and our labels."""
    if not points:
        return mark_safe("")
    drawing: Any = etree.fromstring(chart.render())
    view = drawing.get("viewBox")
    out = etree.Element("svg", {"class": "chart", "viewBox": view, "role": "img", "aria-label": label})
    plot = next(g for g in drawing.iter(f"{_SVG}g") if g.get("class", "").startswith("plot"))
    frame = etree.SubElement(out, "g", {"transform": plot.get("transform", "")})
    height = float(next(r for r in plot.iter(f"{_SVG}rect") if r.get("class") == "background").get("height"))
    spots: list[tuple[float, float]] = []
    shapes = [n for n in plot.getparent().iter(f"{_SVG}rect") if (n.get("class") or "").startswith("rect")]
    if shapes:
        for index, shape in enumerate(shapes):
            kept = {k: v for k, v in shape.attrib.items() if k in _KEEP}
            etree.SubElement(frame, "rect", {"class": "box now" if index == now else "box", **kept})
            spots.append((float(shape.get("x")) + float(shape.get("width")) / 2, float(shape.get("y"))))
    else:
        curve = next(
            n
            for n in plot.getparent().iter(f"{_SVG}path")
            # The axes are drawn with the class "line" too; only a series is "reactive".
            if {"line", "reactive"} <= set((n.get("class") or "").split())
        )
        etree.SubElement(frame, "path", {"class": "curve", "d": curve.get("d")})
        for dot in plot.getparent().iter(f"{_SVG}circle"):
            if len(points) <= DOTTED:
                etree.SubElement(
                    frame, "circle", {"class": "point", "cx": dot.get("cx"), "cy": dot.get("cy"), "r": "3"}
                )
            spots.append((float(dot.get("cx")), float(dot.get("cy"))))
    width = float(view.split()[2])
    etree.SubElement(frame, "path", {"class": "axis", "d": f"M0 {height:.1f}H{width:.0f}"})
    every = max(1, -(-len(points) // 12))
    apart = spots[1][0] - spots[0][0] if len(spots) > 1 else width
    slot = apart * every - LETTER
    most = 1
    for index, ((name, value), (x, y)) in enumerate(zip(points, spots, strict=True)):
        mine = " now" if index == now else ""
        if shapes or index == (len(points) - 1 if now is None else now):
            text = etree.SubElement(
                frame, "text", {"class": f"value{mine}", "x": f"{x:.1f}", "y": f"{y - 6:.1f}"}
            )
            if not shapes and x > width - 40:
                text.set("class", f"value{mine} last")
            text.text = f"{value:,g}{unit}"
        if index % every == 0 or mine:
            text = etree.SubElement(
                frame,
                "text",
                {
                    "class": f"label{mine}{_edge(x, width, bool(shapes))}",
                    "x": f"{x:.1f}",
                    "y": f"{height + 18:.1f}",
                },
            )
            # Only the names of bars are words; those of a line are days and months.
            most = max(most, _write(text, _wrapped(name, slot) if shapes else [name]))
    if most > 1:
        left, top, _width, tall = view.split()
        out.set("viewBox", f"{left} {top} {width:g} {float(tall) + (most - 1) * LINE:g}")
    return _boxed(out)


def _wrapped(name: str, width: float) -> list[str]:
    """A name in lines of at most that width, broken at blanks; a word that is too long stands out."""
    lines: list[str] = []
    for word in name.split():
        if lines and _wide(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines or [name]


def _wide(text: str) -> float:
    """About how wide a label is drawn."""
    return sum(LETTER if ord(char) < 0x2E80 else 2 * LETTER for char in text)


def _write(text: Any, lines: Sequence[str]) -> int:
    """Lines below each other in a text; how many."""
    text.text = lines[0]
    for line_ in lines[1:]:
        more = etree.SubElement(text, "tspan", {"x": text.get("x"), "dy": f"{LINE}"})
        more.text = line_
    return len(lines)


def _edge(x: float, width: float, is_bar: bool) -> str:
    """Labels at the ends of a line stay inside the drawing."""
    if is_bar:
        return ""
    return " first" if x < 20 else " last" if x > width - 40 else ""


def levels(
    marks: Sequence[tuple[str, str, float]], *, today: float, today_text: str, label: str
) -> SafeString:
    """The time line of an alarm: marks are (level, text, start 0..1), today a place 0..1 on the same line."""
    width = 728.0
    out = etree.Element(
        "svg", {"class": "chart", "viewBox": "0 0 740 72", "role": "img", "aria-label": label}
    )
    ends = [start for _, _, start in marks[1:]] + [max(today, marks[-1][2])]
    for (level, text, start), end in zip(marks, ends, strict=True):
        x = 6 + start * width
        span = max((end - start) * width - 2, 1)
        etree.SubElement(
            out,
            "rect",
            {"class": f"box {level}", "x": f"{x:.1f}", "y": "34", "width": f"{span:.1f}", "height": "10"},
        )
        at, anchor = ("734", "end") if x > 640 else (f"{x:.1f}", "start")
        etree.SubElement(out, "text", {"x": at, "y": "66", "text-anchor": anchor}).text = text
    x = 6 + min(max(today, 0.0), 1.0) * width
    etree.SubElement(out, "path", {"class": "rest", "d": f"M{6 + ends[-1] * width:.1f} 39H734"})
    etree.SubElement(out, "path", {"class": "today", "d": f"M{x:.1f} 16v30"})
    anchor = "end" if x > 640 else "start" if x < 100 else "middle"
    etree.SubElement(
        out, "text", {"class": "value", "x": f"{x:.1f}", "y": "12", "text-anchor": anchor}
    ).text = today_text
    return _boxed(out)


def _boxed(drawing: Any) -> SafeString:
    text = etree.tostring(drawing, encoding="unicode")
    return mark_safe(f'<div class="chart-box" tabindex="0">{text}</div>')  # noqa: S308 - lxml escaped every text
