"""
Compare `examples/leaving` before and after its move to Channels 4: the losses under faults.

`bin/bench --leaving` installs what is missing, runs this module, and then measures the speed of the tutorial's chat on
both. With `--faults redis,hang` and `--sites after`, this module runs a part.
"""

import argparse
import json
import sys

from benchmarks.leaving import faults, run

COLUMNS = {
    "sent": "sent",
    "acked": "acked",
    "resent": "sent again",
    "stored_twice": "stored twice",
    "expected": "deliveries",
    "asked": "only by asking",
    "lost": "lost",
    "doubled": "doubled",
    "out_of_order": "out of order",
    "deaf": "deaf sockets",
    "closed": "closed",
    "codes": "codes",
    "silence": "silence s",
    "grown_mb": "memory MB",
    "slow_client": "slow client",
}


def parse():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.leaving", description=__doc__.strip().splitlines()[0])
    parser.add_argument("--faults", default=",".join(faults.BY_NAME), help="names, separated by commas (default: all)")
    parser.add_argument("--sites", default="before,after", help="before, after or both (default)")
    parser.add_argument("--json", help="a file for all figures")
    return parser.parse_args()


def row(cells):
    return "| " + " | ".join(map(str, cells)) + " |"


def cell(value):
    return " ".join(value) if isinstance(value, list) else value


def main():
    choices = parse()
    if reason := run.explain_missing():
        sys.exit(reason)
    results = []
    print(row(["fault", "site", *COLUMNS.values()]))
    print("|" + "---|" * (len(COLUMNS) + 2), flush=True)
    for name in choices.faults.split(","):
        for site in choices.sites.split(","):
            figures = run.run(site, faults.BY_NAME[name])
            results.append({"fault": name, "site": site, **figures})
            print(row([name, site, *(cell(figures[column]) for column in COLUMNS)]), flush=True)
    if choices.json:
        with open(choices.json, "w") as file:
            json.dump(results, file, indent=1)


if __name__ == "__main__":
    main()
