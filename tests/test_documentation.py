"""
The documentation names only existing files, functions, commands, settings and links. Its tables are complete.

A page is read as text; tests/names_in_code.py knows what exists. A name is checked if it stands in backticks, in a
sentence or in a table. Indented and fenced blocks are examples and are not checked. FOREIGN lists the names of other
projects.
"""

import difflib
import functools
import re

import pytest
from django.core.exceptions import ImproperlyConfigured

from channels_transport.interface.budgets import Rate
from channels_transport.interface.limits import Limits
from channels_transport.redis_url import parse_redis_url
from chatproj import environment
from tests.names_in_code import (
    PACKAGES,
    ROOT,
    all_commands,
    all_files,
    all_names,
    all_owners,
    all_sources,
    all_suffixes,
)

pytestmark = pytest.mark.no_database

PAGES = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "benchmarks/README.md"]
PAGES += sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md"))

FOREIGN = {
    # The site or the benchmarks write these when they run.
    "results.json",
    "results.md",
    "plot.svg",
    "statistics.csv",
    "messages.html",
    # Django, Channels and Twisted have these functions.
    "atomic()",
    "save()",
    "send()",
    # PostgreSQL writes this text.
    '... connection to server at "db", port 5432 failed: ...',
}
DJANGO_COMMANDS = {
    "changepassword",
    "createsuperuser",
    "migrate",
    "makemigrations",
    "collectstatic",
    "check",
    "runserver",
    "shell",
    "test",
}

FILE = re.compile(r"[\w.-]+\.(?:py|js|mjs|cjs|md|html|css|svg|png|toml|yaml|yml)")
PATH = re.compile(r"(?:[\w.-]+/)+(?:[\w.-]+)?")
DOTTED = re.compile(r"\w+(?:\.#?\w+)+")
LOG_LINE = re.compile(r"(?:(?:INFO|WARNING|ERROR) (?P<logger>[\w.]+): )?(?P<text>.+)")
LOG_PHRASE_WORDS = 3  # a log line is searched in groups of this many words: values stand between the groups
LOG_SHARE_FOUND = 0.6
CALL = re.compile(r"(\w+)\((?:[\w, ]*)\)")


# These functions read a page.


@functools.cache
def read_page(page: str) -> str:
    return (ROOT / page).read_text()


def prose(text: str) -> str:
    """Return a page's text without its fenced and indented blocks, which are examples."""
    text = re.sub(r"^( *)```.*?^\1```$", "", text, flags=re.DOTALL | re.MULTILINE)
    lines, is_block, before = [], False, ""
    for line in text.splitlines():
        # An indented block starts after an empty line, and not within a list.
        is_block = bool(line.startswith("    ") and (is_block or not before.strip()) and not is_in_list(lines))
        lines.append("" if is_block else line)
        before = line
    return "\n".join(lines)


def is_in_list(lines: list[str]) -> bool:
    """Return whether the last line with text belongs to a list."""
    for line in reversed(lines):
        if line.strip():
            return bool(re.match(r" *(?:[-*]|\d+\.) ", line) or line.startswith("   "))
    return False


def code_spans(text: str) -> list[str]:
    """Return the texts in backticks, with line ends as spaces."""
    return [re.sub(r"\s+", " ", span) for span in re.findall(r"(?<!`)`([^`]+)`(?!`)", prose(text))]


def links(text: str) -> list[str]:
    """Return the targets of all links and pictures within the repository."""
    targets = re.findall(r"\]\(([^)\s]+)\)", prose(text))
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", prose(text), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def tables_of(text: str) -> list[list[str]]:
    """Return the tables of a page, each as a list of its lines."""
    tables, current = [], []
    for line in [*prose(text).splitlines(), ""]:
        if line.lstrip().startswith("|"):
            current.append(line.strip())
        elif current:
            tables.append(current)
            current = []
    return tables


# These functions check a name. Each `check_` function returns None, or a sentence that says what is wrong.


def check_file(span: str) -> str | None:
    if span in FOREIGN or span in all_suffixes() or span.rstrip("/") + "/" in all_suffixes():
        return None
    return f"there is no file `{span}`{suggest(span, all_suffixes())}"


def check_dotted(span: str) -> str | None:
    """Check `module.function`, `Class.method` and `package.module.name` if the owner is part of this project."""
    *before, owner, name = span.split(".")
    owners = all_owners()
    if f'"{span}"' in all_sources():
        return None  # a string in the code, such as the name of a channel
    if owner not in owners:
        is_in_project = (before or [owner])[0] in PACKAGES
        return f"there is no `{owner}` for `{span}`{suggest(owner, owners)}" if is_in_project else None
    if name in owners[owner]:
        return None
    return f"`{owner}` has no `{name}`{suggest(name, owners[owner])}"


def check_call(name: str) -> str | None:
    return None if name in all_names() else f"there is no function `{name}()`{suggest(name, all_names())}"


def check_command(name: str) -> str | None:
    known = all_commands() | DJANGO_COMMANDS
    return None if name in known else f"there is no command `manage.py {name}`{suggest(name, known)}"


def is_log_line(span: str) -> bool:
    return bool(re.match(r"(?:INFO|WARNING|ERROR) ", span) or (span.endswith("...") and span.count(" ") > 2))


def check_log_line(span: str) -> str | None:
    """Check that the code writes this line. The check leaves out values, such as numbers and names."""
    logger, text = LOG_LINE.fullmatch(span).group("logger", "text")
    words = [word for word in text.split() if "..." not in word and not re.search(r"\d", word)]
    size = min(LOG_PHRASE_WORDS, len(words))
    found = set()
    for start in range(len(words) - size + 1):
        if " ".join(words[start : start + size]) in all_sources():
            found.update(range(start, start + size))
    if len(found) < LOG_SHARE_FOUND * len(words):
        return f"no code writes the log line `{span}`"
    return check_file(logger.replace(".", "/") + ".py") if logger else None


def suggest(name: str, known) -> str:
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    return f"; is it {' or '.join(close)}?" if close else ""


def check_span(span: str) -> str | None:
    """Return what is wrong with the name in a code span. Return None if it exists, or belongs to another project."""
    if span in FOREIGN:
        return None
    if is_log_line(span):
        return check_log_line(span)
    if command := re.search(r"manage\.py ([a-z]\w+)", span):
        return check_command(command.group(1))
    if match := re.match(r"(?:python -m |\.venv/bin/python -m )(\w+(?:\.\w+)*)$", span):
        return check_dotted(match.group(1)) if "." in match.group(1) else None
    if FILE.fullmatch(span) or (PATH.fullmatch(span) and is_ours(span)):
        return check_file(span)
    if DOTTED.fullmatch(span):
        return check_dotted(span)
    if call := CALL.fullmatch(span):
        return check_call(call.group(1))
    return None


def is_ours(path: str) -> bool:
    """Return whether a text with slashes is meant as a path of this repository, and not as a URL."""
    first = path.split("/")[0]
    return f"{first}/" in {suffix for suffix in all_suffixes() if suffix.count("/") == 1} or bool(FILE.search(path))


# The tests follow.


@pytest.mark.parametrize("page", PAGES)
def test_every_file_function_and_command_that_a_page_names_exists(page):
    wrong = {sentence for span in code_spans(read_page(page)) if (sentence := check_span(span))}
    assert not wrong, f"{page}: " + "\n".join(sorted(wrong))


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_a_page_has_a_target(page):
    for target in links(read_page(page)):
        path, _, anchor = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        assert file.exists(), f"{page} links to {target}"
        if anchor:
            assert anchor in anchors(file.read_text()), f"{page} links to {target}"


@pytest.mark.parametrize("page", PAGES)
def test_every_row_of_a_table_has_as_many_cells_as_its_head(page):
    for table in tables_of(read_page(page)):
        counts = [len(re.findall(r"(?<!\\)\|", line)) for line in table]
        assert len(table) > 2 and re.fullmatch(r"[|: -]+", table[1]), f"{page}: {table[0]}"
        for line, count in zip(table, counts, strict=True):
            assert count == counts[0] and line.endswith("|"), f"{page}: {line}"


@pytest.mark.parametrize("page", PAGES)
def test_every_setting_and_metric_that_a_page_names_is_read_somewhere(page):
    for name in re.findall(r"\bCHAT_[A-Z_]+\b|\bchat_[a-z]+_[a-z_]+\b", read_page(page)):
        assert is_in_sources(name), f"{page} names {name}"


def is_in_sources(name: str) -> bool:
    # The code builds the name of a channel's metric from the name of its counter.
    counter = re.sub(r"^chat_channel_|_total$", "", name)
    # Each described metric of a process has its name in the code without the namespace, and its endings by its kind.
    counted = re.sub(r"^chat_|_total$|_(bucket|sum|count)$", "", name)
    built = f'("{counted}", "', f'{{namespace}}_{counted}"', f'{{name}}_{counted.partition("worker_")[2] or counted}"'
    if any(text in all_sources() for text in built):
        return True
    return name in all_sources() or (name.startswith("chat_channel_") and counter in all_sources())


def test_every_setting_that_the_environment_gives_is_in_the_readme():
    assert len(environment.SETTINGS) > 10
    assert [name for name in sorted(environment.SETTINGS) if f"`{name}`" not in read_page("README.md")] == []


def describe_wrong_value(setting) -> str:
    """Return the sentence about the setting's wrong value, from the code that reads it."""
    if setting.name == "SECRET_KEY":
        return environment.MISSING_SECRET_KEY
    with pytest.raises(ImproperlyConfigured) as error:
        environment.read(setting.name, {setting.name: setting.wrong})
        parse_redis_url(setting.wrong, setting.name)
    return str(error.value)


def describe_setting(setting) -> str:
    """Return the row of the table of settings."""
    example = setting.example if "`" in setting.example else f"`{setting.example}`"
    cells = [f"`{setting.name}`", setting.kind, setting.default_text, example, describe_wrong_value(setting)]
    return f"| {' | '.join(cells)} |"


def test_the_table_of_settings_has_every_setting_that_the_environment_gives():
    heads = "| setting | type | default | example | a wrong value is answered with |"
    (table,) = [table for table in tables_of(read_page("docs/operations.md")) if table[0] == heads]
    assert table[2:] == [describe_setting(setting) for setting in environment.SETTINGS.values()]


def describe_limit(value) -> str:
    """Return the default of a limit of the interface, as the table of these limits has it."""
    if isinstance(value, Rate):
        return f"{value.burst:,} at once, {value.per_second:,} a second"
    return f"{value:,}" if value else "none"


def describe_rate(per_second):
    """Return the rate of a limit, as the table of the chat's limits has it."""
    for seconds, name in ((1, "a second"), (60, "a minute"), (3600, "an hour"), (86400, "a day")):
        number = per_second * seconds
        if abs(number - round(number)) < 1e-6:
            return f"one {name}" if round(number) == 1 else f"{round(number):,} {name}"
    raise AssertionError(f"{per_second} is no whole number in a day")


def test_the_table_of_the_chats_limits_has_every_limit_with_its_default(settings):
    table = [row for row in read_page("docs/http-api.md").splitlines() if row.startswith("| `")]
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in table]
    documented = {row[0].strip("`"): (row[2], row[3]) for row in rows if len(row) == 4}
    for name, (burst, per_second) in settings.CHAT_LIMITS.items():
        assert documented.get(name) == (f"{round(burst):,}", describe_rate(per_second)), name


def test_the_table_of_the_interfaces_limits_has_every_limit_with_its_default():
    heads = "| limit | default | above it |"
    tables = [table for table in tables_of(read_page("docs/operations.md")) if table[0] == heads]
    rows = [[cell.strip() for cell in row.split("|")[1:3]] for row in tables[0][2:]]
    assert rows == [[f"`{name}`", describe_limit(value)] for name, value in vars(Limits()).items()]


def test_no_code_reads_a_variable_that_is_not_in_the_table():
    readers = r"""(?:environ\.get\(|environ\[|\b_?read\()\s*["']([A-Z_]+)["']"""
    paths = [path for path in all_files() if re.match(r"(?:manage|(?:chat|chatproj|channels_transport)/.*)\.py$", path)]
    names = {name for path in paths for name in re.findall(readers, (ROOT / path).read_text())}
    assert "PORT" in names and "REDIS_URL" in names
    # OpenTelemetry documents its own variables.
    assert {name for name in names if not name.startswith("OTEL_")} - {"PATH"} <= set(environment.SETTINGS)


def test_every_event_and_code_is_in_the_protocols_page():
    sources = [(ROOT / path).read_text() for path in sorted(all_files()) if re.match(r"chat/.*\.py$", path)]
    protocol = [(ROOT / path).read_text() for path in sorted(all_files()) if path.startswith("chat/protocol/")]
    types = {
        name for text in protocol for name in re.findall(r"""(?:"type": |^    type = )"(\w+)\"""", text, re.MULTILINE)
    }
    codes = {name for text in sources for name in re.findall(r"""ChatError\(\s*"(\w+)\"""", text)}
    assert len(types) > 20 and len(codes) > 15
    assert [name for name in sorted(types | codes) if f"`{name}`" not in read_page("docs/protocol.md")] == []


def test_every_page_of_the_documentation_is_in_its_index():
    index = read_page("docs/README.md")
    for page in PAGES:
        if page.startswith("docs/") and page != "docs/README.md":
            assert f"]({page.removeprefix('docs/')})" in index, page


@pytest.mark.parametrize(
    "span",
    [
        "chat/services/rooms/nowhere.py",
        "chat/nowhere/",
        "nowhere.py",
        "nowhere.js",
        "rooms.post_nothing",
        "chat.services.rooms.post_nothing",
        "Upstream.sent",
        "RoomSocket.#nothing",
        "post_nothing()",
        "manage.py nothing",
        "WARNING chat.management.monitor: Nothing like this is ever written: ...",
        "WARNING chat.nothing: The monitor waits: timeout",
    ],
)
def test_a_name_that_does_not_exist_is_reported(span):
    assert check_span(span)


@pytest.mark.parametrize(
    "span",
    [
        "chat/services/rooms/changes.py",
        "interface/server.py",
        "chat/services/",
        "manage.py",
        "rooms.post_message",
        "chat.services.rooms.post_message",
        "Upstream.send",
        "manage.py migrate",
        "websocket.receive",
        "/api/rooms/",
        "Group.send",
        "WARNING chat.management.monitor: The monitor waits: timeout",
    ],
)
def test_a_name_that_exists_or_belongs_to_another_project_is_accepted(span):
    assert check_span(span) is None


def test_names_in_examples_are_not_checked():
    text = "Text `one.py`.\n\n    `two.py`\n\n```python\n`three.py`\n```\n\n- a list\n\n  with `four.py`\n"
    assert code_spans(text) == ["one.py", "four.py"]
