"""The processes of the site, from their reports. This module reads nothing itself."""

from collections.abc import Iterable, Mapping
from typing import Any

from channels_transport.site_state import SILENT_SECONDS


def is_alive(report: Mapping[str, Any]) -> bool:
    """Return whether a process has reported lately."""
    return report["silent_seconds"] <= SILENT_SECONDS


def pick_newest(reports: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """
    Return the newest report of each process whose report has not expired.

    A process with several receivers has several reports with the same numbers, which must count once.
    """
    newest: dict[tuple[Any, Any], Mapping[str, Any]] = {}
    for report in sorted((report for report in reports if "pid" in report), key=lambda report: report["at"]):
        newest[report["host"], report["pid"]] = report
    return list(newest.values())


def describe_processes(
    reports: Iterable[Mapping[str, Any]], seen: dict[str, dict[str, Any]], busy: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """
    Return one row for each process: what it is, where, since when, how busy, and whether it still reports.

    `seen` has the last row of each report, by the name of the report. This function updates `seen`. If the report of a
    dead process has expired, the row comes from `seen`. A process with several receivers has several reports, and one
    row.
    """
    rows: dict[tuple[Any, Any], dict[str, Any]] = {}
    for report in reports:
        row = {**(seen.get(report["name"]) or _read_name(report["name"])), **_describe(report, busy)}
        seen[report["name"]] = row
        place = row["host"], row["pid"]
        if place not in rows or row["silent"] < rows[place]["silent"]:
            rows[place] = row
    for name in seen.keys() - {report["name"] for report in reports}:
        del seen[name]
    found = sorted(rows.values(), key=lambda row: (row["kind"], row["host"], row["pid"] or 0))
    _mark_versions(found)
    return found


def _describe(report: Mapping[str, Any], busy: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    common = {"silent": report["silent_seconds"], "state": "alive" if is_alive(report) else "dead"}
    if "pid" not in report:
        return common
    shares = busy.get(f"{report['host']}.{report['pid']}", {})
    return {
        **common,
        "kind": report["kind"],
        "host": report["host"],
        "pid": report["pid"],
        "version": report["more"].get("release", ""),
        "age": report["at"] - report["started_at"],
        "busy": shares.get("busy"),
        "cpu": shares.get("cpu"),
        "memory": report["memory"],
        "hanging": report["at"] - report["busy_since"] if report.get("busy_since") else None,
        "answers": "websocket.receive" in report.get("channels", ()),
    }


def _read_name(name: str) -> dict[str, Any]:
    """Return what the name of a dead process says, for a monitor that has not seen the process alive."""
    kind, _, place = name.partition(":")
    # The report of a worker is named after its receiver, whose name has two more parts at its end.
    parts = place.split(".")[:-2] if kind == "worker" else place.split(".")
    pid = int(parts[-1]) if parts[-1:] and parts[-1].isdigit() else None
    return {"kind": kind, "host": ".".join(parts[:-1]), "pid": pid, "version": "", "age": None}


def _mark_versions(rows: list[dict[str, Any]]) -> None:
    """Add `other_version`: whether a living process runs other code than the process that started last."""
    alive = [row for row in rows if row["state"] == "alive" and row["version"]]
    newest = min(alive, key=lambda row: row["age"], default=None)
    for row in rows:
        row["other_version"] = row in alive and newest is not None and row["version"] != newest["version"]


def find_receivers(reports: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return {channel: number of living processes that receive from it}."""
    found: dict[str, int] = {}
    for report in reports:
        for channel in report.get("channels", ()) if is_alive(report) else ():
            found[channel] = found.get(channel, 0) + 1
    return found
