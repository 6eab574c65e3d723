"""Limits count each IPv4 address alone, and all IPv6 addresses of one /64 network together."""

import pytest

from channels_transport import find_network

pytestmark = pytest.mark.no_database


@pytest.mark.parametrize(
    "address, network",
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("2001:db8:1:3::", "2001:db8:1:3::/64"),
        ("unix", None),
        ("", None),
        (None, None),
    ],
)
def test_limits_count_an_address_by_its_network(address, network):
    assert find_network(address) == network
