"""Functions that read the tables of metrics, `/metrics` and expressions, and that run promtool, Prometheus' checker."""

import functools
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = (ROOT / "docs" / "watching.md", ROOT / "channels_transport" / "docs" / "monitoring.md")
RULES = ROOT / "deploy" / "prometheus" / "alerts.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "chat.json"
PROMTOOL = shutil.which("promtool")
# Prometheus adds these labels to every series, and `le` to the buckets of a histogram.
ADDED_LABELS = {"job", "instance", "le"}
_SAMPLE = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def read_documented():
    """Return {family: its labels} of all metrics in the tables of the documentation that have a column for labels."""
    found = {}
    for page in PAGES:
        rows = [line.split("|") for line in page.read_text().splitlines() if line.startswith("| `")]
        for _, names, labels, *others in rows:
            for name in re.findall(r"`((?:chat|channels)_\w+)`", names) if len(others) == 2 else ():
                found[re.sub("^channels_", "chat_", name)] = set(re.findall(r"\w+", labels))
    return found


def read_alerts():
    """Return {name of the alert: its rule}."""
    (group,) = yaml.safe_load(RULES.read_text())["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


def read_panels():
    """Return the panels of the dashboard, without its rows."""
    return [panel for panel in json.loads(DASHBOARD.read_text())["panels"] if panel["type"] != "row"]


def read_panel_expressions():
    """Return the expressions of all panels, with values for Grafana's variables."""
    expressions = [target["expr"] for panel in read_panels() for target in panel["targets"]]
    return [
        text.replace("$__rate_interval", "1m").replace("$job", "chat").replace("$instance", ".*")
        for text in expressions
    ]


def find_families(expression):
    """Return the names of the families in an expression."""
    return {re.sub("_(bucket|sum|count)$", "", name) for name in re.findall(r"\bchat_\w+", expression)}


def find_labels(expression):
    """Return the labels by which an expression selects or groups, without those that Prometheus adds."""
    grouped = [name for names in re.findall(r"\b(?:by|without) \(([^)]*)\)", expression) for name in names.split(",")]
    selected = [
        name for part in re.findall(r"\{([^}]*)\}", expression) for name in re.findall(r"(\w+)\s*(?:=|!)", part)
    ]
    return {name.strip() for name in grouped + selected} - ADDED_LABELS


class Scrape:
    """One answer of `/metrics`: `kinds` is {family: kind}, `samples` is [(name, labels as a dictionary, value)]."""

    def __init__(self, text):
        self.text = text
        self.kinds, self.samples = {}, []
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                assert name not in self.kinds, f"{name} is served twice"
                self.kinds[name] = kind
            elif not line.startswith("#"):
                name, labels, value = _SAMPLE.fullmatch(line).groups()
                self.samples.append((name, dict(_LABEL.findall(labels or "")), float(value)))

    def find_family(self, name):
        """Return the family of a sample."""
        family = re.sub("_(bucket|sum|count)$", "", name)
        return family if self.kinds.get(family) == "histogram" else name

    def find_labels(self, family):
        """Return the labels of a family's samples, or None if it has no samples."""
        found = [set(labels) for name, labels, _ in self.samples if self.find_family(name) == family]
        return set().union(*found) - ADDED_LABELS if found else None

    def get(self, name, **labels):
        """Return the sum of the samples with this name that have these labels."""
        return sum(value for other, given, value in self.samples if other == name and labels.items() <= given.items())

    @functools.cached_property
    def series(self):
        """Return {series as Prometheus writes it: value}."""
        return {
            name + "{" + ",".join(f'{label}="{text}"' for label, text in sorted(labels.items())) + "}": value
            for name, labels, value in self.samples
        }


def need_promtool():
    """Skip the test if promtool is missing. If CI is set, fail instead."""
    if PROMTOOL is None:
        assert "CI" not in os.environ, "promtool is missing: apt-get install prometheus"
        pytest.skip("needs promtool: apt-get install prometheus")


def run_promtool(*arguments, text=None):
    """Run promtool, and fail with its output if it finds a fault."""
    need_promtool()
    done = subprocess.run([PROMTOOL, *map(str, arguments)], input=text, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def find_true_alerts(folder, *scrapes, more=()):
    """
    Return the names of the alerts whose expressions are true after the scrapes. Prometheus itself computes them.

    The time between two scrapes counts as a minute. The `for` of a rule is ignored. `more` has further series with
    their values.
    """
    names = sorted({name for scrape in scrapes for name in scrape.series})
    rows = [{"series": name, "values": _make_values(name, scrapes)} for name in names]
    rows += [{"series": name, "values": values} for name, values in {'up{job="chat"}': "1x9", **dict(more)}.items()]
    # promtool only compares. So its test expects that no expression is true, and its output names those that are true.
    questions = {f"(count({rule['expr']}) > bool 0) or vector(0)": name for name, rule in read_alerts().items()}
    expected = {"eval_time": f"{len(scrapes) - 1}m", "exp_samples": [{"labels": "{}", "value": 0}]}
    group = {"interval": "1m", "input_series": rows, "promql_expr_test": [{"expr": q, **expected} for q in questions]}
    file = folder / "alerts.test.yml"
    file.write_text(json.dumps({"evaluation_interval": "1m", "tests": [group]}))
    need_promtool()
    done = subprocess.run([PROMTOOL, "test", "rules", str(file)], capture_output=True, text=True, timeout=60)
    output = done.stdout + done.stderr
    found = {questions[json.loads(text)] for text in re.findall(r'expr: (".*"), time', output)}
    assert (done.returncode == 0) == (not found), output
    return found


def _make_values(name, scrapes):
    return " ".join(repr(scrape.series[name]) if name in scrape.series else "_" for scrape in scrapes)
