"""
Compare `examples/leaving` before and after its move to Channels 4: the losses under faults.

`bin/bench --leaving` installs what is missing, runs this module, and then measures the speed of the tutorial's chat on
this transport and on Channels 4. With `--faults redis,hang` and `--sites after`, this module runs only these faults on
this site.
"""

import argparse
import json
import sys

from benchmarks.command_line import pick
from benchmarks.leaving import faults, run

COLUMNS = {
    "sent": "sent",
    "acked": "acked",
    "resent": "sent again",
    "expected": "deliveries due",
    "live": "arrived",
    "lost": "lost after asking",
    "doubled": "doubled",
    "out_of_order": "out of order",
    "closed": "closed",
    "codes": "codes",
    "silence": "silence, s",
    "grown_mb": "memory, MB",
}
TITLES = {"before": "this package", "after": "Channels 4"}


def parse(arguments=None):
    """Return the choices, with `faults` as objects and `sites` as names. End the process if a choice is wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.leaving", description=__doc__.strip().splitlines()[0])
    parser.add_argument("--faults", help=f"names, separated by commas, of: {', '.join(faults.BY_NAME)} (default: all)")
    parser.add_argument("--sites", help="before, after, or both (default)")
    parser.add_argument("--json", help="a file for all figures")
    choices = parser.parse_args(arguments)
    choices.faults = pick(parser, choices.faults, faults.BY_NAME)
    choices.sites = pick(parser, None if choices.sites == "both" else choices.sites, {name: name for name in TITLES})
    return choices


def row(cells):
    return "| " + " | ".join(map(str, cells)) + " |"


def line(fault, site, figures):
    """Return a row of the table in channels_transport/docs/leaving.md."""
    cells = [figures[column] for column in COLUMNS]
    title = fault.title + (f" ({figures['slow_client']})" if figures["slow_client"] else "")
    return row([title, TITLES[site], *(" ".join(cell) if isinstance(cell, list) else cell for cell in cells)])


def main():
    choices = parse()
    if reason := run.explain_missing():
        sys.exit(reason)
    results = []
    print(row(["fault", "site", *COLUMNS.values()]))
    print("|" + "---|" * (len(COLUMNS) + 2), flush=True)
    for fault in choices.faults:
        for site in choices.sites:
            figures = run.run(site, fault)
            results.append({"fault": fault.name, "site": site, **figures})
            print(line(fault, site, figures), flush=True)
    if choices.json:
        with open(choices.json, "w") as file:
            json.dump(results, file, indent=1)


if __name__ == "__main__":
    main()
