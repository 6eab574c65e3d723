"""The doctor compares the processes of a site: their facts, their files, their clocks and their proxies."""

import pytest

from channels_transport import reports
from channels_transport.doctor import processes
from channels_transport.facts import describe_facts
from tests.channels_transport.doctor.checking import checked_text

pytestmark = pytest.mark.no_database


@pytest.fixture
def check(wrapper):
    """Return a function that checks processes with the given fields in their reports."""
    layer = wrapper.channel_layer

    def check(*given, is_well=False):
        layer.shards[0].call(("FLUSHDB",))
        for pid, fields in enumerate(given, 1):
            facts = {**describe_facts(), **fields.get("facts", {})}
            report = {"kind": "worker", "host": "a", "pid": pid, "open_files": 65536, "skew": 0, **fields}
            report.update(at=reports.time.time() + report.pop("skew"), facts=facts)
            layer.shards[0].call(reports.make_command(layer, f"{report['kind']}:{pid}", report))
        return checked_text(processes.check_processes(layer), is_well)

    return check


def with_facts(**facts):
    return {"facts": facts}


def test_processes_that_agree_are_well(check):
    assert check(is_well=True) == "No process has reported to Redis."
    assert check({}, {}, {"kind": "interface"}, is_well=True) == "3 processes have the same settings."


def test_another_secret_key_is_named_without_its_value_and_without_the_other_secrets(check):
    other = {"host": "b", "facts": {"SECRET_KEY": "#1", "METRICS_TOKEN": "#2"}}
    text = check(with_facts(METRICS_TOKEN="#3"), with_facts(METRICS_TOKEN="#3"), other)
    assert text == (
        "The worker with pid 3 on b has another value of SECRET_KEY than 2 other processes: give all processes the"
        " same value, and restart them."
    )


def test_another_value_is_shown(check):
    one, zero = with_facts(TRUSTED_PROXIES="1"), with_facts(TRUSTED_PROXIES="0")
    text = check(dict(one), dict(zero), dict(one), dict(zero), dict(one))
    assert "The worker with pid 2 on a and 1 more have TRUSTED_PROXIES 0, and 3 other processes have 1:" in text
    text = check(dict(one), with_facts(TRUSTED_PROXIES=""))
    assert "TRUSTED_PROXIES not set, and the other process has 1: give" in text
    assert check(with_facts(NEW="1"), {}, is_well=True), "an older version may not know a fact"


def test_values_that_only_the_command_has_are_no_problem_of_the_site(check):
    text = check(with_facts(SECRET_KEY="#1", **{"the database": "db/chat"}), is_well=True)
    assert "This command has other values of SECRET_KEY, the database: run it with the environment" in text


def test_an_interface_that_may_open_few_files_is_a_problem(check):
    text = check({"kind": "interface", "open_files": 1024})
    assert text.startswith("The interface with pid 1 on a may open 1024 files,") and "LimitNOFILE" in text
    assert check({"open_files": 1024}, {"kind": "interface", "open_files": -1}, is_well=True), "-1 means no limit"


@pytest.mark.parametrize("skew, text", [(60, "The clock of b is 60 s ahead of that of Redis"), (-9, "9 s behind")])
def test_a_machine_with_a_wrong_clock_is_named_once(check, skew, text):
    found = check({}, {"host": "b", "skew": skew}, {"host": "b", "skew": skew})
    assert text in found and found.count("NTP") == 1


@pytest.mark.parametrize(
    "counts, problem",
    [
        (
            {"hops": 0, "forwarded": 95},
            "have X-Forwarded-For, but TRUSTED_PROXIES is 0. If a proxy is in front of the site,",
        ),
        ({"hops": 2, "forwarded": 100, "short": 100}, "came through fewer proxies than TRUSTED_PROXIES=2"),
        ({"hops": 1, "forwarded": 100, "private": 91}, "came through more proxies than TRUSTED_PROXIES=1"),
        ({"hops": 1, "forwarded": 100, "without_scheme": 100}, "have no X-Forwarded-Proto"),
        ({"hops": 0, "forwarded": 80}, None),
        ({"hops": 1, "forwarded": 100, "short": 3, "private": 30}, None),
        ({"hops": 0, "requests": 19, "forwarded": 19}, None),
        ({"hops": 0, "cuts": 30, "cuts_together": 14, "cut_seconds": 30}, None),
        ({"hops": 0, "cuts": 30, "cuts_together": 30, "cut_seconds": 2}, None),
        ({"hops": 0, "cuts": 19, "cuts_together": 19, "cut_seconds": 30}, None),
    ],
)
def test_the_requests_show_whether_trusted_proxies_is_right(check, counts, problem):
    empty = {"requests": 100, "forwarded": 0, "short": 0, "private": 0, "without_scheme": 0}
    text = check({"kind": "interface", "forwarding": {**empty, **counts}}, is_well=problem is None)
    assert problem is None or f"Most requests to the interface with pid 1 on a {problem}" in text


def test_a_proxy_that_cuts_quiet_websockets_is_a_problem(check):
    forwarding = {"hops": 0, "requests": 0, "cuts": 40, "cuts_together": 25, "cut_seconds": 30}
    text = check({"kind": "interface", "forwarding": forwarding})
    assert text.startswith("Many websockets of the interface with pid 1 on a were cut after 30 quiet seconds")
