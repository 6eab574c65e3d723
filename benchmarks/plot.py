"""
Draw the headline figures: a panel for each scenario, a bar for each stack. This module needs matplotlib.
"""

import matplotlib
from matplotlib import pyplot

from benchmarks import report

COLUMNS = 3
PANEL_INCHES = (5.2, 3.4)
OURS, THEIRS = "#1b6ca8", "#b8c4ce"


def draw(found: dict, path) -> None:
    """Write the picture to `path`; the suffix of the file decides the format."""
    matplotlib.rcParams["svg.fonttype"] = "none"
    median_results = report.medians(found)
    scenarios = found["scenarios"]
    rows = -(-len(scenarios) // COLUMNS)
    figure, axes = pyplot.subplots(
        rows, COLUMNS, squeeze=False, figsize=(PANEL_INCHES[0] * COLUMNS, PANEL_INCHES[1] * rows)
    )
    for index, panel in enumerate(axes.flat):
        if index < len(scenarios):
            _draw_panel(panel, found, median_results, scenarios[index])
        else:
            panel.set_visible(False)
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)


def _draw_panel(panel, found, median_results, scenario):
    names = [stack["name"] for stack in found["stacks"] if (stack["name"], scenario["name"]) in median_results][::-1]
    values = [median_results[name, scenario["name"]].get(scenario["headline"]) or 0 for name in names]
    bars = panel.barh(names, values, color=[OURS if name in ("product", "transport") else THEIRS for name in names])
    panel.bar_label(bars, [report.number(value) for value in values], padding=3, fontsize=8)
    direction = "less is better" if scenario["is_less_better"] else "more is better"
    panel.set_title(f"{scenario['name']}: {scenario['unit']} ({direction})", fontsize=10)
    panel.margins(x=0.18)
    panel.tick_params(labelsize=8)
    panel.spines[["top", "right"]].set_visible(False)
