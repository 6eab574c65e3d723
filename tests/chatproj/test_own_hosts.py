"""The hosts of this machine: which ones a site without a public address accepts."""

import ifaddr
import pytest
from django.http.request import validate_host

from chatproj import own_hosts
from chatproj.own_hosts import OwnHosts
from tests.helpers import fail_with

pytestmark = pytest.mark.no_database


class Network:
    """The addresses of a machine, which a test can change."""

    def __init__(self):
        self.addresses = ["127.0.0.1", "192.168.1.5"]

    def get_adapters(self):
        values = [(address if "." in address else (address, 0, 2)) for address in self.addresses]
        ips = [ifaddr.IP(value, 24, "eth0") for value in values]
        return [ifaddr.Adapter("eth0", "eth0", ips)]


@pytest.fixture
def network(monkeypatch):
    stand_in = Network()
    monkeypatch.setattr(own_hosts.ifaddr, "get_adapters", stand_in.get_adapters)
    monkeypatch.setattr(own_hosts.socket, "gethostname", lambda: "Laptop")
    return stand_in


def test_the_names_and_addresses_of_this_machine_are_accepted(network):
    network.addresses += ["10.8.0.1", "fd00::2"]
    hosts = OwnHosts()
    for host in ("localhost", "127.0.0.1", "[::1]", "192.168.1.5", "10.8.0.1", "[fd00::2]", "laptop", "laptop.local"):
        assert validate_host(host, hosts), host


@pytest.mark.parametrize(
    "host", ["evil.example", "192.168.1.6", "[fd00::3]", "laptop.evil.example", "x.laptop", "*", ""]
)
def test_other_hosts_are_refused(network, host):
    assert not validate_host(host, OwnHosts())


def test_a_link_local_ipv6_address_is_left_out_because_browsers_cannot_write_it(network):
    network.addresses = ["fe80::1", "fe80::1%eth0", "169.254.3.4"]
    assert own_hosts.find_addresses() == ["169.254.3.4"]


@pytest.mark.parametrize("bound, extra", [("0.0.0.0", []), ("::", []), (None, []), ("Chat.lan", ["chat.lan"])])
def test_the_host_on_which_the_interface_listens_is_accepted(network, bound, extra):
    known = set(OwnHosts())
    assert [host for host in OwnHosts(bound) if host not in known] == extra


def test_a_new_address_is_accepted_soon_and_the_old_one_is_refused(network, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(own_hosts.time, "monotonic", lambda: now[0])
    hosts = OwnHosts()
    network.addresses = ["10.0.0.7"]
    assert not validate_host("10.0.0.7", hosts)
    now[0] += own_hosts.REFRESH_SECONDS + 1
    assert validate_host("10.0.0.7", hosts)
    assert not validate_host("192.168.1.5", hosts)
    assert validate_host("localhost", hosts)


def test_local_hosts_are_accepted_when_the_addresses_cannot_be_listed(network, monkeypatch):
    monkeypatch.setattr(own_hosts.ifaddr, "get_adapters", fail_with(OSError("no interfaces")))
    assert validate_host("127.0.0.1", OwnHosts())


@pytest.mark.parametrize(
    "name, names",
    [
        ("vm", ["vm", "vm.local"]),
        ("Web1.example.com.", ["web1.example.com", "web1", "web1.local"]),
        ("localhost", []),
        ("a b", []),
        ("*", []),
        ("", []),
    ],
)
def test_the_host_name_is_accepted_with_its_short_form(monkeypatch, name, names):
    monkeypatch.setattr(own_hosts.socket, "gethostname", lambda: name)
    assert own_hosts.find_names() == names
