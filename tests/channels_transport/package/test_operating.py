"""The doctor and the metrics of a foreign site, with its processes."""

import http.client
import json
import re

import pytest

from tests.channels_transport.package.foreign import PATIENCE_SECONDS, receive, say, wait_until
from tests.valkey import free_port, running_valkey

pytestmark = [pytest.mark.process, pytest.mark.no_database]

TOKEN = "a token of the tests"


@pytest.fixture(scope="module")
def site(make_foreign_site):
    """Yield a foreign site with a token of the metrics, on a Redis of its own."""
    with running_valkey() as url:
        site = make_foreign_site({"hosts": [url], "capacity": 1000})
        site.environment["METRICS_TOKEN"] = TOKEN
        site.start_interface()
        site.start_worker()
        site.start("delay", "manage.py", "rundelay")
        yield site
        site.stop_all()


def read(site, path, token=TOKEN):
    """Return {sample: value} of the metrics at a path of the site."""
    status, body = site.request(path, Authorization=f"Bearer {token}")
    assert status == 200, body
    return parse(body)


def parse(body):
    lines = [line for line in body.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def read_own_port(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", "/metrics")
        response = connection.getresponse()
        assert response.headers["X-Content-Type-Options"] == "nosniff" and "Python" not in response.headers["Server"]
        return response.status, response.read()
    except ConnectionError:
        return None, b""
    finally:
        connection.close()


def test_the_doctor_finds_no_problem(site):
    wait_until(lambda: read(site, "/metrics").get("channels_workers") == 2, "both processes report")
    report = json.loads(site.manage("doctor", "--json", "--url", f"http://127.0.0.1:{site.port}"))
    assert report["well"], report
    parts = {one["part"] for one in report["parts"]}
    assert {"interface", "round trip", "redis", "workers", "queues", "losses", "database", "migrations"} <= parts


def test_the_doctor_reports_a_missing_interface(site):
    done = site.run("manage.py", "doctor", "--url", f"http://127.0.0.1:{free_port()}")
    assert done.returncode == 1 and "PROBLEM  interface" in done.stdout, done.stdout


def test_the_view_and_the_interface_serve_the_same_metrics(site):
    with site.socket("/talk/garden/?alice") as alice:
        say(alice, "hello")
        receive(alice)
        # A worker reports its counters each second.
        wait_until(lambda: handled(read(site, "/metrics")) > 1, "the worker reports")
        view, interface = read(site, "/metrics"), read(site, "/interface-metrics")
    for found in (view, interface):
        assert found["channels_workers"] == 2 and found["channels_interfaces"] == 1
        assert found["channels_groups"] == found["channels_group_members"] == 1 and found["channels_delayed"] == 0
        assert found['channels_channel_receivers{channel="asgi.delay"}'] == 1
        assert found['channels_up{part="redis"}'] == found['channels_up{part="database"}'] == 1
    # The websocket, and the request itself.
    assert interface["channels_connections"] == 2 and "channels_connections" not in view


def handled(found):
    return sum(value for name, value in found.items() if name.startswith("channels_worker_handled_total"))


def test_strangers_cannot_read_the_metrics(site):
    for path in ("/metrics", "/interface-metrics"):
        assert site.request(path)[0] == 401
        assert site.request(path, Authorization="Bearer wrong")[0] == 401


def test_the_command_metrics_serves_the_metrics_on_its_own_port(site):
    port = free_port()
    site.start("metrics", "manage.py", "metrics", "--port", str(port))
    status, body = wait_until(lambda: (found := read_own_port(port))[0] and found, "the metrics are served")
    assert status == 200 and parse(body)["channels_workers"] == 2
    assert re.search(r'channels_info\{.*transport="\d', body.decode())
    assert site.stop("metrics") == 0, site.log("metrics")
