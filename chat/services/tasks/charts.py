"""
Bar charts as SVG, for an HTML page. The charts have no scripts, and show only the numbers that the caller gives.

This module does not know rooms.
"""

from html import escape
from typing import NamedTuple

from django.utils.translation import gettext

from chat.markup.direction import isolate

from .pages import write_number

# Sizes in SVG units. In a larger picture, the letters would be too small to read on a phone.
WIDTH, HEIGHT, FOOT, TOP = 480, 150, 18, 16
ROW_HEIGHT, NAME_WIDTH, NUMBER_WIDTH = 22, 130, 50
MAX_NAME = 20  # characters of a name that fit beside a bar


class Chart(NamedTuple):
    """A title, and one label for each number."""

    title: str
    labels: list[str]
    numbers: list[int]


def draw_vertical_bars(chart: Chart, ends_only: bool = False) -> str:
    """
    Return a chart with vertical bars, as HTML.

    The labels are below the bars: every third label, or with `ends_only` the first and the last one.
    """
    most, step = max([1, *chart.numbers]), WIDTH / len(chart.numbers)
    base = HEIGHT - FOOT
    maximum = gettext("maximum: %(number)s") % {"number": write_number(most)}
    shapes = [f'<text x="0" y="10">{escape(maximum)}</text>']
    for index, (label, number) in enumerate(zip(chart.labels, chart.numbers, strict=True)):
        height = number / most * (base - TOP)
        shapes.append(
            f'<rect class="bar" x="{index * step + step * 0.1:.1f}" y="{base - height:.1f}" width="{step * 0.8:.1f}"'
            f' height="{height:.1f}" rx="1.5"><title>{escape(label)}: {write_number(number)}</title></rect>'
        )
    shapes.append(f'<line class="axis" x1="0" y1="{base}" x2="{WIDTH}" y2="{base}"/>')
    shapes += _end_labels(chart.labels) if ends_only else _third_labels(chart.labels, step)
    return _figure(chart, HEIGHT, shapes)


def _end_labels(labels):
    texts = [f'<text x="0" y="{HEIGHT - 6}">{escape(labels[0])}</text>']
    if len(labels) > 1:
        texts.append(f'<text x="{WIDTH}" y="{HEIGHT - 6}" text-anchor="end">{escape(labels[-1])}</text>')
    return texts


def _third_labels(labels, step):
    return [
        f'<text x="{(index + 0.5) * step:.1f}" y="{HEIGHT - 6}" text-anchor="middle">{escape(labels[index])}</text>'
        for index in range(0, len(labels), 3)
    ]


def draw_horizontal_bars(chart: Chart) -> str:
    """Return a chart with horizontal bars, as HTML: the label is to the left of each bar, the number to its right."""
    most, longest = max([1, *chart.numbers]), WIDTH - NAME_WIDTH - NUMBER_WIDTH
    shapes = []
    for index, (label, number) in enumerate(zip(chart.labels, chart.numbers, strict=True)):
        y, width = index * ROW_HEIGHT, max(1, number / most * longest)
        name = label if len(label) <= MAX_NAME else f"{label[: MAX_NAME - 1]}…"
        shapes.append(
            f'<text class="name" x="0" y="{y + 15}">{escape(isolate(name))}</text>'
            f'<rect class="bar" x="{NAME_WIDTH}" y="{y + 4}" width="{width:.1f}" height="14" rx="3">'
            f"<title>{escape(isolate(label))}: {write_number(number)}</title></rect>"
            f'<text x="{NAME_WIDTH + width + 8:.1f}" y="{y + 15}">{write_number(number)}</text>'
        )
    return _figure(chart, max(1, len(shapes)) * ROW_HEIGHT, shapes)


def _figure(chart, height, shapes):
    title = escape(chart.title)
    picture = f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{title}">{"".join(shapes)}</svg>'
    return f"<h2>{title}</h2>\n<figure>{picture}</figure>\n"
