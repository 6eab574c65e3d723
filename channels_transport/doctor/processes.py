"""
Checks of a site's processes, from their reports: their facts, open files and clocks, and the proxies in front of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Mapping

from ..facts import HIDDEN, SECRET_KEY, describe_facts
from ..watching import read_process_reports
from .findings import Finding

SKEW_SECONDS = 2
# Each websocket needs a file. Many systems allow 1024 by default.
FEW_FILES = 4096
# Fewer requests or websockets than this are no evidence. Some requests do not come through the proxy, such as those of
# operators.
MIN_REQUESTS, MOST = 20, 0.9
# People close pages at any time. A proxy with a timeout closes each quiet websocket after the same number of seconds.
MANY_CUTS, LEAST_CUT_SECONDS = 0.5, 5
Report = Mapping[str, Any]


def check_processes(layer: Any) -> list[Finding]:
    """
    Report processes that do not belong together, or whose machines are not set up for them.

    Each of these is a problem:

    * a process has another value of a fact than most processes;
    * an interface may open only a few files;
    * the proxies of an interface do not match TRUSTED_PROXIES, or cut quiet websockets;
    * the clock of a machine differs from that of Redis.
    """
    reports = read_process_reports(layer)
    problems = [
        *_compare_facts(reports),
        *(problem for report in reports if report["kind"] == "interface" for problem in _evaluate_interface(report)),
        *_evaluate_clocks(reports),
    ]
    if problems:
        return [Finding.problem("processes", problem) for problem in problems]
    if not reports:
        return [Finding.ok("processes", "No process has reported to Redis.")]
    text = "One process reports." if len(reports) == 1 else f"{len(reports)} processes have the same settings."
    return [Finding.ok("processes", f"{text}{_describe_own(reports)}")]


def name_process(report: Report) -> str:
    """Return a phrase such as `the worker with pid 7 on web-1`."""
    return f"the {report['kind']} with pid {report['pid']} on {report['host']}"


def _compare_facts(reports: Sequence[Report]) -> list[str]:
    """Return a sentence for each group of processes that have another value of a fact than most processes."""
    problems = []
    others = _find_deviants(reports, SECRET_KEY)
    for value, deviants in others.items():
        problems.append(_describe_difference(SECRET_KEY, value, deviants, reports))
    # The digests of other secrets differ too if the keys differ.
    comparable = [report for report in reports if not any(report in group for group in others.values())]
    names = dict.fromkeys(name for report in reports for name in report["facts"] if name != SECRET_KEY)
    for name in names:
        is_hidden = any(str(report["facts"].get(name)).startswith(HIDDEN) for report in reports)
        compared = comparable if is_hidden else reports
        for value, deviants in _find_deviants(compared, name).items():
            problems.append(_describe_difference(name, value, deviants, compared))
    return problems


def _find_deviants(reports: Sequence[Report], name: str) -> dict[str, list[Report]]:
    """Return {value: the processes with it} for all values but the most common one."""
    groups: dict[str, list[Report]] = {}
    for report in reports:
        if name in report["facts"]:
            groups.setdefault(report["facts"][name], []).append(report)
    return dict(sorted(groups.items(), key=lambda item: -len(item[1]))[1:])


def _describe_difference(name: str, value: str, deviants: list[Report], reports: Sequence[Report]) -> str:
    usual, number = Counter(report["facts"][name] for report in reports if name in report["facts"]).most_common(1)[0]
    shown = name_process(deviants[0])
    if len(deviants) > 1:
        shown += f" and {len(deviants) - 1} more"
    verb = "has" if len(deviants) == 1 else "have"
    others = "the other process has" if number == 1 else f"{number} other processes have"
    if value.startswith(HIDDEN):
        what = f"another value of {name} than {others.rpartition(' ')[0]}"
    else:
        what = f"{name} {value or 'not set'}, and {others} {usual or 'not set'}"
    return f"{shown[0].upper()}{shown[1:]} {verb} {what}: give all processes the same value, and restart them."


def _describe_own(reports: Sequence[Report]) -> str:
    """Return a sentence about facts that this command has with other values, or an empty text."""
    own, theirs = describe_facts(), reports[0]["facts"]
    different = [name for name in theirs if name in own and own[name] != theirs[name]]
    if SECRET_KEY in different:
        different = [name for name in different if name == SECRET_KEY or not own[name].startswith(HIDDEN)]
    if not different:
        return ""
    shown = ", ".join(different)
    return f" This command has other values of {shown}: run it with the environment of the processes, or restart them."


def _evaluate_interface(report: Report) -> list[str]:
    process, problems = name_process(report), []
    files = report["open_files"]
    if 0 <= files < FEW_FILES:
        problems.append(
            f"{process[0].upper()}{process[1:]} may open {files} files, and each websocket needs one: raise the limit,"
            " for example with LimitNOFILE=65536 or `ulimit -n 65536`."
        )
    counts = report.get("forwarding") or {}
    problems += [f"Most requests to {process} {text}" for text in _evaluate_proxies(counts)]
    if counts.get("cuts", 0) >= MIN_REQUESTS and counts["cuts_together"] >= MANY_CUTS * counts["cuts"]:
        seconds = counts["cut_seconds"]
        if seconds >= LEAST_CUT_SECONDS:
            problems.append(
                f"Many websockets of {process} were cut after {seconds} quiet seconds, probably by a proxy: raise its"
                " timeout for websockets to 75 s or more, or start the interfaces with a shorter --ping-interval."
            )
    return problems


def _evaluate_proxies(counts: Mapping[str, int]) -> list[str]:
    if counts.get("requests", 0) < MIN_REQUESTS:
        return []
    hops = counts["hops"]

    def is_most(name: str) -> bool:
        return counts[name] >= MOST * counts["requests"]

    problems = []
    if not hops and is_most("forwarded"):
        problems.append(
            "have X-Forwarded-For, but TRUSTED_PROXIES is 0. If a proxy is in front of the site, all people share the"
            " limits of one address: set TRUSTED_PROXIES to the number of proxies. If there is none, a client forges"
            " the header: leave it at 0."
        )
    if hops and is_most("short"):
        problems.append(
            f"came through fewer proxies than TRUSTED_PROXIES={hops}, so clients can choose their address: lower"
            " TRUSTED_PROXIES, or let each proxy append the address of its client to X-Forwarded-For."
        )
    elif hops and is_most("private"):
        problems.append(
            f"came through more proxies than TRUSTED_PROXIES={hops}, so the address of a proxy counts as that of all"
            " people: raise TRUSTED_PROXIES."
        )
    elif hops and is_most("without_scheme"):
        problems.append(
            "have no X-Forwarded-Proto, so the site cannot know whether people use https: let the proxy send it."
        )
    return problems


def _evaluate_clocks(reports: Iterable[Report]) -> list[str]:
    """Return a sentence for each machine whose clock differs from that of Redis."""
    skews = {report["host"]: report["skew"] for report in reports if abs(report["skew"]) > SKEW_SECONDS}
    return [
        f"The clock of {host} is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} that of Redis: run NTP on"
        " both."
        for host, skew in skews.items()
    ]
