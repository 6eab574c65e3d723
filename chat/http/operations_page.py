"""
The page `/operations/`: the state of the site, for operators. A socket keeps the page up to date.

The page contains the newest sample, so it is complete without JavaScript, except for the charts. It has a `<template>`
for the rows of each table, and one for each sentence. The browser fills them in with the values that the socket sends.
This module must not write rows.
"""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from chat.http import operations_texts as texts
from chat.http.figures import NOTHING, write_figure
from chat.http.reads import counts_reads
from chat.protocol import encode
from chat.services import operations, operators

# A state that is older than this (in seconds) is from a monitor that no longer works.
FRESH_SECONDS = 20
# JSON needs these characters only inside strings. Escaped like this, they mean nothing in HTML.
HTML_ESCAPES = {ord(character): f"\\u{ord(character):04X}" for character in "<>&"}


@never_cache
@require_safe
@counts_reads
def operations_page(request):
    """
    Show the state of the site to operators: 404 for other people. Strangers are redirected to the page for signing in.

    If no monitor takes samples, this request takes one, and the page says that it shows one moment only.
    """
    if not request.user.is_authenticated:
        return redirect(f"{reverse('sign_in')}?next={request.path}")
    operators.check_operator(request.user)
    points, state = operations.read_history()
    is_sampled = state is not None and time.time() - state["at"] < FRESH_SECONDS
    if not is_sampled:
        state = operations.take_single_sample().state
    response = render(request, "chat/operations.html", {**describe_state(state, points), "is_sampled": is_sampled})
    response.rows = sum(len(state[table.key]) for table in texts.TABLES)
    return response


def describe_state(state: Mapping[str, Any], points: list) -> dict[str, Any]:
    """Return the context of the template."""
    problems = [_describe_problem(problem) for problem in state["problems"]]
    return {
        "problems": [problem for problem in problems if problem["is_problem"]],
        "notices": [problem for problem in problems if not problem["is_problem"]],
        "sentences": [_describe_problem({"condition": code}) for code in texts.SENTENCES],
        "now": [_describe_cell(field, state["now"]) for field in texts.NOW],
        "charts": [_describe_chart(chart) for chart in texts.CHARTS],
        "tables": [_describe_table(table, state) for table in texts.TABLES],
        "data": _embed({"points": points, "state": dict(state)}),
        "words": _embed({word: str(text) for word, text in texts.WORDS.items()}),
    }


def _embed(value: Any) -> str:
    return mark_safe(encode(value).translate(HTML_ESCAPES))


def _describe_problem(problem: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sentence of a problem, with an element for each value. Without values, the elements are empty."""
    code = problem["condition"]
    condition = next(condition for condition in operations.CONDITIONS if condition.code == code)
    return {
        "code": code,
        "is_problem": condition.is_problem,
        "sentence": mark_safe(str(texts.SENTENCES[code]) % _Values(problem)),
        "documentation": condition.documentation,
    }


class _Values(dict):
    """The values of a sentence as HTML. A value that is missing becomes an empty element."""

    def __init__(self, problem):
        super().__init__()
        self._problem = problem

    def __getitem__(self, name):
        kind = texts.VALUE_FORMATS.get(name, "text")
        text = _write(self._problem[name], kind) if name in self._problem else ""
        return format_html('<b data-field="{}" data-format="{}">{}</b>', name, kind, text)


def _write(value: Any, kind: str) -> str:
    if kind == "word":
        return str(texts.WORDS.get(value, value))
    return write_figure(value, "text" if kind == "room" else kind)


def _describe_cell(field: texts.Field, row: Mapping[str, Any]) -> dict[str, Any]:
    text = _write(row[field.name], field.format) if field.name in row else NOTHING
    return {"field": field, "text": text, "room": row.get("room") if field.format == "room" else None}


def _describe_chart(chart: texts.Chart) -> dict[str, Any]:
    names = " ".join(line.name for line in chart.lines)
    return {"title": chart.title, "lines": chart.lines, "names": names, "format": chart.lines[0].format}


def _describe_table(table: texts.Table, state: Mapping[str, Any]) -> dict[str, Any]:
    rows = [complete_row(table.key, row, state) for row in state[table.key]]
    return {"table": table, "rows": _describe_rows(table, rows), "blank": _describe_rows(table, [{}])}


def complete_row(key: str, row: Mapping[str, Any], state: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a row of the table `key` with the values that the page computes, as `completeRow` does in the browser."""
    if key == "queues":
        lost = row["recently_expired"] + row["recently_full"] + row["recently_lost"]
        return {**row, "receivers": state["receivers"].get(row["channel"], 0), "recent": lost}
    if key == "processes":
        return {**row, "state": "older" if row["other_version"] else row["state"]}
    if key == "redis":
        return {**row, "limit": row["limit"] or None}
    return row


def _describe_rows(table: texts.Table, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"state": row.get("state", ""), "cells": [_describe_cell(field, row) for field in table.columns]}
        for row in rows
    ]
