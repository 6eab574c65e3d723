"""
What a statement costs the database, without a clock: which indexes it uses, and how much it reads.

PostgreSQL counts the rows that each step of a plan reads (`EXPLAIN ANALYZE`). SQLite counts nothing, but calls a
function after each step of its virtual machine. The number of steps grows with the rows that it reads.
"""

import contextlib
import json
import re
from collections import Counter
from dataclasses import dataclass

from django.db import connection

# Tables that grow with the messages. On PostgreSQL, only reads of their rows are counted.
GROWING = ("chat_message", "chat_change", "chat_mention", "chat_reaction", "chat_searchdocument")
# The largest of these tables. PostgreSQL rightly reads a table of a few thousand rows without an index, so scans of the
# other tables are allowed.
LARGEST = ("chat_message", "chat_change", "chat_searchdocument")
FULL_TEXT = "the index of the search"


@dataclass(frozen=True)
class Cost:
    """
    The sum over all statements.

    - `work`: rows of growing tables on PostgreSQL; steps of the virtual machine on SQLite.
    - `scanned`: the tables of LARGEST that were read without an index.
    - `indexes`: the indexes that were used, as `table(column, column)`.
    """

    work: int
    scanned: frozenset[str]
    indexes: frozenset[str]


def measure(function) -> Cost:
    """Run a function, and then measure each statement with which it reads. Return the sum of the costs."""
    statements = []

    def note(execute, sql, params, many, context):
        if sql.lstrip(" \n(").upper().startswith(("SELECT", "WITH")):
            statements.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        function()
    assert statements
    costs = [
        (_measure_postgresql if connection.vendor == "postgresql" else _measure_sqlite)(*one) for one in statements
    ]
    return Cost(
        sum(cost.work for cost in costs),
        frozenset().union(*(cost.scanned for cost in costs)),
        frozenset().union(*(cost.indexes for cost in costs)),
    )


def _measure_sqlite(sql, params):
    steps = []
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
        lines = [row[-1] for row in cursor.fetchall()]
        aliases = dict(re.findall(r"(?:FROM|JOIN)\s+\"?(chat_\w+)\"?\s+(?:AS\s+)?(\w+)", sql))
        connection.connection.set_progress_handler(lambda: steps.append(None), 1)
        with contextlib.ExitStack() as stack:
            stack.callback(connection.connection.set_progress_handler, None, 0)
            cursor.execute(sql, params)
            cursor.fetchall()
    names = {**{table: table for table in GROWING}, **{alias: table for table, alias in aliases.items()}}
    scanned = {names.get(table) for table in re.findall(r"SCAN (?:TABLE )?(\w+)(?!.*USING)", "\n".join(lines))}
    indexes = {_describe_in_sqlite(name) for name in re.findall(r"USING (?:COVERING )?INDEX (\w+)", "\n".join(lines))}
    indexes |= {FULL_TEXT} if any("VIRTUAL TABLE INDEX" in line for line in lines) else set()
    return Cost(len(steps), frozenset(scanned & set(LARGEST)), frozenset(indexes))


def _describe_in_sqlite(name):
    with connection.cursor() as cursor:
        cursor.execute("SELECT tbl_name FROM sqlite_master WHERE type = 'index' AND name = %s", [name])
        ((table,),) = cursor.fetchall()
        cursor.execute(f"PRAGMA index_info({name})")
        return f"{table}({', '.join(column for *_, column in cursor.fetchall())})"


def _measure_postgresql(sql, params):
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params)
        (found,) = cursor.fetchone()
    plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    rows, scanned, indexes = Counter(), set(), set()
    for node in _walk(plan):
        table, loops = node.get("Relation Name"), node["Actual Loops"]
        read = sum(node.get(f"Rows Removed by {what}", 0) for what in ("Filter", "Index Recheck")) + node["Actual Rows"]
        if table in GROWING:
            rows[table] += read * loops
            if node["Node Type"] == "Seq Scan" and loops and table in LARGEST:
                scanned.add(table)
        if node["Node Type"] == "Bitmap Index Scan":
            rows["index"] += read * loops
        if "Index Name" in node and loops:
            indexes.add(_describe_in_postgresql(node["Index Name"]))
    return Cost(int(sum(rows.values())), frozenset(scanned), frozenset(indexes))


def _describe_in_postgresql(name):
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename, indexdef FROM pg_indexes WHERE indexname = %s", [name])
        ((table, definition),) = cursor.fetchall()
    method, columns = re.search(r"USING (\w+) \((.*?)\)", definition).groups()
    return FULL_TEXT if method == "gin" else f"{table}({columns})".replace('"', "")


def _walk(node):
    yield node
    for part in node.get("Plans", ()):
        yield from _walk(part)
