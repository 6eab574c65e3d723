"""
Rules about functions of the stack that have known vulnerabilities: what the code must not use, and why.

SECURITY.md lists the vulnerabilities. To add a rule, add a row to RULES, and a row to SECURITY.md.
"""

import ast
import functools
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

# Methods of querysets, and functions beside them, whose arguments may become a part of the SQL.
QUERY_METHODS = {
    *("filter", "exclude", "get", "annotate", "alias", "aggregate", "extra", "values", "values_list", "order_by"),
    *("only", "defer", "distinct", "get_or_create", "update_or_create", "Q", "get_object_or_404", "get_list_or_404"),
}
# The arguments of these methods name columns, orders and aliases. Only texts that the code contains may stand there.
NAME_METHODS = {"values", "values_list", "order_by", "only", "defer", "distinct", "select_related", "prefetch_related"}


@functools.cache
def _calls(tree: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def _called(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def splatted_filters(tree: ast.AST) -> Iterator[int]:
    """`filter(**fields)`: the names of the fields would come from a dictionary."""
    for call in _calls(tree):
        if _called(call) in QUERY_METHODS and any(keyword.arg is None for keyword in call.keywords):
            yield call.lineno


def computed_names(tree: ast.AST) -> Iterator[int]:
    """`order_by(name)`: the name of a column or an order would be computed."""
    for call in _calls(tree):
        computed = [argument for argument in call.args if isinstance(argument, ast.Name | ast.JoinedStr | ast.BinOp)]
        if computed and isinstance(call.func, ast.Attribute) and call.func.attr in NAME_METHODS:
            yield call.lineno


def uses(*names: str) -> Callable[[ast.AST], Iterator[int]]:
    """Return a rule that finds these names where they are imported, called or read as attributes."""
    wanted = re.compile(rf"(^|\.)({'|'.join(map(re.escape, names))})(\.|$)")

    def find(tree: ast.AST) -> Iterator[int]:
        return (line for name, line in _list_used(tree) if wanted.search(name))

    return find


@functools.cache
def _list_used(tree: ast.AST) -> list[tuple[str, int]]:
    """Return each name that a tree uses, with its line."""
    return [(name, node.lineno) for node in ast.walk(tree) for name in _list_names(node) if name]  # type: ignore[attr-defined]


def _list_names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [f"{node.module}.{alias.name}" for alias in node.names]
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [getattr(node, "attr", getattr(node, "id", ""))]


def extra_calls(tree: ast.AST) -> Iterator[int]:
    """`rooms.extra(where=...)`: a text would become SQL."""
    return (call.lineno for call in _calls(tree) if isinstance(call.func, ast.Attribute) and call.func.attr == "extra")


def silent_mail(tree: ast.AST) -> Iterator[int]:
    """`fail_silently=True`: mail would leave without TLS after a failed STARTTLS."""
    for call in _calls(tree):
        if any(keyword.arg == "fail_silently" for keyword in call.keywords):
            yield call.lineno


class Rule(NamedTuple):
    """What the code must not use, why, and a line of code that breaks the rule."""

    find: Callable[[ast.AST], Iterator[int]]
    why: str
    example: str


RULES = {
    "splatted filters": Rule(
        splatted_filters,
        "CVE-2025-64459, CVE-2025-59681, CVE-2025-57833, CVE-2026-1287: names of arguments become SQL",
        "rooms.filter(**request.GET)",
    ),
    "computed names of columns": Rule(computed_names, "CVE-2024-42005, CVE-2026-1312", "rooms.order_by(name)"),
    "FilteredRelation": Rule(
        uses("FilteredRelation"), "CVE-2025-57833, CVE-2025-13372", "from django.db.models import FilteredRelation"
    ),
    "RawSQL": Rule(uses("RawSQL"), "its text becomes SQL", "from django.db.models.expressions import RawSQL"),
    "extra": Rule(extra_calls, "its texts become SQL", "rooms.extra(where=[name])"),
    "Trunc and Extract": Rule(
        uses("Trunc", "Extract"), "CVE-2022-34265: the kind becomes SQL", "from django.db.models.functions import Trunc"
    ),
    "fields with keys": Rule(
        uses("JSONField", "HStoreField", "KeyTransform", "HasKey"),
        "CVE-2024-42005, CVE-2024-53908",
        "from django.contrib.postgres.fields import JSONField",
    ),
    "geography": Rule(
        uses("django.contrib.gis"), "CVE-2026-1207, CVE-2026-15307 and others", "from django.contrib.gis import forms"
    ),
    "slow text functions": Rule(
        uses(
            "urlize", "Urlizer", "strip_tags", "Truncator", "wrap", "intcomma", "humanize", "floatformat", "uri_to_iri"
        ),
        "CVE-2024-24680, CVE-2024-38875, CVE-2024-41989, CVE-2024-53907, CVE-2025-26699 and others",
        "from django.utils.html import urlize",
    ),
    "slow validators": Rule(
        uses("URLField", "URLValidator", "GenericIPAddressField", "validate_ipv6_address", "clean_ipv6_address"),
        "CVE-2023-36053, CVE-2024-56374, CVE-2026-25673",
        "class Form(forms.Form):\n    address = forms.URLField()",
    ),
    "names of files": Rule(
        uses("FileResponse", "ImageField", "ClearableFileInput", "MultipleFileField"),
        "CVE-2022-36359, CVE-2023-31047",
        "from django.http import FileResponse",
    ),
    "caches of responses": Rule(
        uses("cache_page", "UpdateCacheMiddleware", "FetchFromCacheMiddleware", "CacheMiddleware", "django.core.cache"),
        "CVE-2026-6907, CVE-2026-8404, CVE-2026-35193, CVE-2026-48587, CVE-2026-48588",
        "from django.views.decorators.cache import cache_page",
    ),
    "signed cookies": Rule(
        uses("get_signed_cookie", "set_signed_cookie"), "CVE-2026-6873", "request.get_signed_cookie('a')"
    ),
    "translated addresses": Rule(
        uses("i18n_patterns", "set_language"),
        "CVE-2022-41323, CVE-2026-15337",
        "from django.conf.urls.i18n import i18n_patterns",
    ),
    "inline admin of generic relations": Rule(
        uses("GenericInlineModelAdmin", "GenericTabularInline", "GenericStackedInline", "list_editable"),
        "CVE-2026-4277, CVE-2026-4292",
        "from django.contrib.contenttypes.admin import GenericTabularInline",
    ),
    "serializers and archives": Rule(
        uses("django.core.serializers", "django.utils.archive"),
        "CVE-2025-59682, CVE-2025-64460",
        "from django.core import serializers",
    ),
    "Apache's sign-in": Rule(uses("modwsgi"), "CVE-2025-13473", "from django.contrib.auth.handlers import modwsgi"),
    "mail without errors": Rule(silent_mail, "CVE-2026-7666", "send_mail(fail_silently=True)"),
}
