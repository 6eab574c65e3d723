"""A foreign site on the Sentinel layer, and on the layer that keeps most messages on their machine."""

import pytest

from tests.channels_transport.package.foreign import receive, say
from tests.channels_transport.sentinels import SERVICE, Cluster
from tests.valkey import running_valkey

pytestmark = [pytest.mark.process, pytest.mark.no_database]


def test_an_open_websocket_continues_after_the_master_is_killed(make_foreign_site, tmp_path):
    cluster = Cluster(tmp_path)
    try:
        cluster.start()
        config = {"hosts": [["127.0.0.1", cluster.sentinel_port]], "services": [SERVICE], "capacity": 1000}
        config["connection_kwargs"] = {"socket_timeout": 6, "socket_connect_timeout": 2}
        site = make_foreign_site(config, backend="channels_transport.sentinel.RedisSentinelChannelLayer")
        assert "no issues" in site.manage("check")
        site.start_interface()
        site.start_worker()
        with site.socket("/talk/garden/?alice") as alice:
            say(alice, "before")
            assert receive(alice)["text"] == "before"
            cluster.kill_master()
            say(alice, "after")
            event = receive(alice)
            assert (event["text"], event["said"]) == ("after", 2), site.log("interface") + site.log("worker")
        assert site.stop("worker") == 0 and site.stop("interface") == 0
    finally:
        cluster.stop()


def test_a_machine_processes_its_own_messages_and_reaches_the_clients_of_all_machines(make_foreign_site):
    with running_valkey() as url:
        server = url.rsplit("/", 1)[0]
        sites = []
        for number in (1, 2):
            config = {"hosts": [f"{server}/0"], "local_hosts": [f"{server}/{number}"], "capacity": 1000}
            site = make_foreign_site(config, backend="channels_transport.local.RedisLocalChannelLayer")
            site.start_interface()
            site.start_worker()
            sites.append(site)
        here, there = sites
        with here.socket("/talk/garden/?alice") as alice, there.socket("/talk/garden/?bob") as bob:
            for number in range(5):
                say(alice, str(number))
                say(bob, str(number))
            expected = {("alice", here.processes["worker"].pid), ("bob", there.processes["worker"].pid)}
            for client in (alice, bob):
                events = [receive(client) for _ in range(10)]
                assert {(event["name"], event["worker"]) for event in events} == expected
                for name in ("alice", "bob"):
                    assert [event["said"] for event in events if event["name"] == name] == [1, 2, 3, 4, 5]
        assert there.where()["worker"] == there.processes["worker"].pid
        for site in sites:
            assert site.stop("worker") == 0 and site.stop("interface") == 0
