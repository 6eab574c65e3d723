"""
The texts of the page `/operations/`: its figures, charts, tables, and a sentence for each kind of problem.

The template and the browser both fill in the values, so each text is written once. This module must not read anything.
"""

from typing import NamedTuple

from django.utils.functional import lazystr
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Field(NamedTuple):
    """
    A value of the state: its name, its label, and its format.

    A format is one of `figures.FORMATS`, `word` (a key of WORDS), or `room` (a name with a link to the room).
    """

    name: str
    label: object
    format: str = "count"


class Chart(NamedTuple):
    """A chart of the last 15 minutes: its title, and its lines. All lines have the format of the first one."""

    title: object
    lines: tuple[Field, ...]


class Table(NamedTuple):
    """A table: the key of its rows in the state, its title, what an empty table says, and its columns."""

    key: str
    title: object
    empty: object
    columns: tuple[Field, ...]


NOW = (
    Field("people", _("People in rooms")),
    Field("sockets", _("Open connections")),
    Field("polls", _("Long polling")),
    Field("received", _("Messages in"), "rate"),
    Field("sent", _("Messages out"), "rate"),
    Field("reply_p50", _("Reply, median"), "seconds"),
    Field("reply_p95", _("Reply, 95 of 100"), "seconds"),
    Field("reply_p99", _("Reply, 99 of 100"), "seconds"),
    Field("delivery_p95", _("Delivery, 95 of 100"), "seconds"),
    Field("busy", _("Busy workers"), "share"),
)

CHARTS = (
    Chart(_("Connections"), (Field("sockets", _("Open")), Field("people", _("People in rooms")))),
    Chart(_("Messages"), (Field("received", _("In"), "rate"), Field("sent", _("Out"), "rate"))),
    Chart(
        _("Time to a reply"),
        (Field("reply_p50", _("Median"), "seconds"), Field("reply_p95", _("95 of 100"), "seconds")),
    ),
    Chart(_("Time of a delivery"), (Field("delivery_p95", _("95 of 100"), "seconds"),)),
    Chart(_("Waiting messages"), (Field("pending", _("All channels")),)),
    Chart(_("Age of the oldest message"), (Field("oldest", _("All channels"), "seconds"),)),
    Chart(_("Busy workers"), (Field("busy", _("Share of the time"), "share"),)),
    Chart(_("Memory of Redis"), (Field("memory", _("All servers"), "bytes"),)),
    Chart(_("Round trip to Redis"), (Field("trip", _("Slowest server"), "seconds"),)),
    Chart(_("Time of a statement"), (Field("database", _("95 of 100"), "seconds"),)),
)

TABLES = (
    Table(
        "queues",
        _("Queues"),
        _("There are no channels."),
        (
            Field("channel", _("Channel"), "text"),
            Field("pending", _("Waiting")),
            Field("oldest", _("Oldest"), "seconds"),
            Field("capacity", _("Capacity")),
            Field("receivers", _("Receivers")),
            Field("recent", _("Lost")),
        ),
    ),
    Table(
        "processes",
        _("Processes"),
        _("No process reports."),
        (
            Field("kind", _("Process"), "word"),
            Field("host", _("Machine"), "text"),
            Field("pid", _("Process number"), "text"),
            Field("state", _("State"), "word"),
            Field("version", _("Version"), "text"),
            Field("age", _("Runs for"), "seconds"),
            Field("busy", _("Busy"), "share"),
            Field("cpu", _("CPU"), "share"),
            Field("memory", _("Memory"), "bytes"),
            Field("silent", _("Last report"), "seconds"),
        ),
    ),
    Table(
        "consumers",
        _("Slowest consumers"),
        _("No consumer has run in the last 5 minutes."),
        (
            Field("consumer", _("Consumer"), "text"),
            Field("channel", _("Channel"), "text"),
            Field("count", _("Messages")),
            Field("p50", _("Median"), "seconds"),
            Field("p95", _("95 of 100"), "seconds"),
            Field("longest", _("Longest, at most"), "seconds"),
            Field("share", _("Share of the time"), "share"),
            Field("errors", _("Errors")),
        ),
    ),
    Table(
        "rooms",
        _("Busiest rooms"),
        _("Nobody has written in the last 5 minutes."),
        (Field("name", _("Room"), "room"), Field("kind", _("Access"), "word"), Field("messages", _("Messages"))),
    ),
    Table(
        "redis",
        lazystr("Redis"),
        _("The site runs without Redis."),
        (
            Field("server", _("Server"), "text"),
            Field("version", _("Version"), "text"),
            Field("memory", _("Memory"), "bytes"),
            Field("limit", _("Limit"), "bytes"),
            Field("clients", _("Clients")),
            Field("recently_evicted", _("Deleted keys")),
            Field("trip", _("Round trip"), "seconds"),
        ),
    ),
    Table(
        "databases",
        _("Databases"),
        _("The database does not answer."),
        (
            Field("alias", _("Name"), "text"),
            Field("kind", _("Software"), "text"),
            Field("size", _("Size"), "bytes"),
            Field("connections", _("Connections")),
            Field("statements", _("Statements")),
            Field("p95", _("95 of 100"), "seconds"),
            Field("errors", _("Errors")),
            Field("lag", _("Behind"), "seconds"),
        ),
    ),
    Table(
        "work",
        _("Background work"),
        _("Nothing waits."),
        (Field("work", _("Work"), "word"), Field("state", _("State"), "word"), Field("count", _("Number"))),
    ),
    Table(
        "refusals",
        _("Refusals by limit"),
        _("No limit has refused a request."),
        (Field("limit", _("Limit"), "text"), Field("recent", _("In 5 minutes")), Field("refused", _("All"))),
    ),
)

WORDS = {
    "worker": _("Worker"),
    "interface": _("Interface"),
    "delay server": _("Delay server"),
    "monitor": _("Monitor"),
    "process": _("Process"),
    "alive": _("Running"),
    "dead": _("Gone"),
    "older": _("Running, older code"),
    "export": pgettext_lazy("name of a background task", "Export"),
    "statistics": pgettext_lazy("name of a background task", "Statistics"),
    "mails": _("Mails"),
    "scheduled messages": _("Scheduled messages"),
    "waiting": _("Waiting"),
    "queued": _("Waiting"),
    "running": _("Running"),
    "done": _("Done"),
    "failed": _("Failed"),
    "database": _("The database"),
    "redis": lazystr("Redis"),
    "public": pgettext_lazy("access", "public"),
    "private": pgettext_lazy("access", "private"),
    "direct": pgettext_lazy("access", "direct"),
    "board": pgettext_lazy("access", "board"),
}

# {name of a value in the sentences: its format}. All other values are texts.
VALUE_FORMATS = {
    "part": "word",
    "kind": "word",
    "oldest": "seconds",
    "seconds": "seconds",
    "silent": "seconds",
    "trip": "seconds",
    "p95": "seconds",
    "lag": "seconds",
    "share": "share",
    "rate": "rate",
    **dict.fromkeys(("pending", "capacity", "lost", "errors", "evicted", "overdue", "processes", "recent"), "count"),
}

# {code of a condition (see chat.services.operations.conditions): what is wrong, and what to do}
SENTENCES = {
    "part_away": _("%(part)s does not answer. Look at this server."),
    "no_worker": _("No worker receives from %(channel)s. Start the workers, and look at their logs."),
    "messages_wait": _(
        "Messages wait on %(channel)s, the oldest for %(oldest)s. Start more workers, or look for a slow database."
    ),
    "queue_full": _("The channel %(channel)s is nearly full: %(pending)s of %(capacity)s. Start more workers for it."),
    "messages_lost": _(
        "Messages were lost on %(channel)s in the last 5 minutes: %(lost)s. Look for workers that were killed, and"
        " start more workers."
    ),
    "messages_expire": _(
        "Messages on %(channel)s expired in the last 5 minutes before a worker took them: %(lost)s. Start workers for"
        " this channel."
    ),
    "responses_fail": _(
        "Requests are answered with errors: %(rate)s in the last 5 minutes. Read the logs of the workers, and check"
        " that enough workers run."
    ),
    "replies_slow": _(
        "One client in twenty waits %(p95)s or longer for a reply. Start more workers, or look at the database."
    ),
    "deliveries_slow": _(
        "One message in twenty reaches the last connection after %(p95)s or longer. Start more interfaces, or look for"
        " a busy one."
    ),
    "mails_wait": _("Mails wait: %(pending)s. Look at the logs of the workers for chat.tasks, and at the mail server."),
    "sign_ins_fail": _(
        "Somebody guesses passwords: %(rate)s in the last 5 minutes. Look at the access log for the addresses."
    ),
    "consumer_fails": _(
        "The consumer %(consumer)s has raised exceptions in the last 5 minutes: %(errors)s. Read the tracebacks in the"
        " logs of the workers."
    ),
    "worker_hangs": _(
        "The worker %(pid)s on %(host)s has been busy with one message for %(seconds)s. Look at its log, and restart it"
        " if it hangs."
    ),
    "process_dead": _(
        "The process %(pid)s on %(host)s (%(kind)s) has not reported for %(silent)s. Look at its log, and check that"
        " its supervisor starts it again."
    ),
    "redis_nearly_full": _(
        "The memory of the Redis at %(server)s is nearly full: %(share)s. Raise maxmemory, or find out what fills it."
    ),
    "redis_evicts": _(
        "The Redis at %(server)s has deleted keys because its memory was full: %(evicted)s. Set its maxmemory-policy to"
        " noeviction."
    ),
    "redis_slow": _("The Redis at %(server)s answers after %(trip)s. Look at this server and its network."),
    "database_slow": _(
        "One statement in twenty of the database %(alias)s takes %(p95)s or longer. Look for locks and for a slow disk."
    ),
    "replica_behind": _("The replica %(alias)s is %(lag)s behind. Look at this server."),
    "no_delay_server": _("No delay server runs, so scheduled messages wait. Start manage.py rundelay."),
    "overdue": _("Scheduled messages are overdue: %(overdue)s. Start the delay server, and look at its log."),
    "limits_off": _(
        "The rate limits are off, so any client can overload the site. Switch them on, except for load tests."
    ),
    "site_refuses": _(
        "A limit for the whole site has refused requests in the last 5 minutes: %(limit)s, %(recent)s. If this was not"
        " an attack, raise the limit."
    ),
    "different_versions": _(
        "Some processes run older code: %(processes)s. During an update this is normal. Otherwise, restart them."
    ),
}
