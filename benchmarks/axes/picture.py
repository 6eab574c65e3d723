"""
Draw the curves: for each axis, the CPU time and the median time of a message, with a line for each stack. This module
needs matplotlib.
"""

import matplotlib
from matplotlib import pyplot, ticker

from benchmarks import report
from benchmarks.axes import curves
from benchmarks.plot import OURS, PANEL_INCHES

STYLES = {
    "product": {"color": OURS, "marker": "o", "linewidth": 2.5},
    "transport": {"color": OURS, "marker": "o", "linestyle": "--"},
    "channels4-tuned": {"color": "#c2813c", "marker": "s"},
    "node": {"color": "#6b8f5e", "marker": "^"},
    "socketio": {"color": "#9b6b9e", "marker": "v"},
    "centrifuge": {"color": "#8a97a3", "marker": "D"},
}
FIGURES = (("cpu_us", "CPU us per message"), ("p50_ms", "p50, ms"))


def draw(found: dict, path) -> None:
    """Write the picture to `path`; the suffix of the file decides the format."""
    matplotlib.rcParams["svg.fonttype"] = "none"
    axes = [axis for axis in found["axes"] if curves.lines(found, axis["name"], "cpu_us")]
    count = max(1, len(axes))
    figure, rows = pyplot.subplots(
        count, len(FIGURES), squeeze=False, figsize=(PANEL_INCHES[0] * len(FIGURES), PANEL_INCHES[1] * count)
    )
    for row, axis in zip(rows, axes, strict=False):
        for panel, (field, words) in zip(row, FIGURES, strict=True):
            _draw_panel(panel, axis, curves.lines(found, axis["name"], field))
            panel.set_title(f"{axis['name']}: {words}", fontsize=10)
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)


def _draw_panel(panel, axis, lines):
    for name, (levels, values) in lines.items():
        panel.plot(levels, values, label=name, markersize=5, **STYLES[name])
    if curves.needs_logarithm(axis["levels"]):
        panel.set_xscale("log")
    panel.set_xticks(axis["levels"], [f"{level:,}" for level in axis["levels"]])
    panel.xaxis.set_minor_locator(ticker.NullLocator())
    if curves.needs_logarithm([value for _, values in lines.values() for value in values]):
        panel.set_yscale("log")
    else:
        panel.margins(y=0.15)
        panel.set_ylim(bottom=0)
    panel.yaxis.set_minor_formatter(ticker.NullFormatter())
    panel.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: report.number(value)))
    panel.set_xlabel(axis["title"], fontsize=8)
    panel.tick_params(labelsize=8)
    panel.spines[["top", "right"]].set_visible(False)
    if lines:
        panel.legend(fontsize=8, frameon=False)
