"""
Networks: limits count all addresses of one network as one client. This module counts nothing and opens no connection.
"""

from __future__ import annotations

import functools
import ipaddress


# Parsing an address takes 5 us, and a heartbeat asks twice for the network of its client.
@functools.lru_cache(maxsize=10_000)
def find_network(address: str | None, ipv6_prefix: int = 64) -> str | None:
    """
    Return the network under which limits count an address: the address itself for IPv4, the /64 for IPv6.

    One client can have all addresses of a /64. `ipv6_prefix` is the length of another prefix for IPv6. An IPv4 address
    inside an IPv6 address counts as the IPv4 address. The scope of an IPv6 address (the part from `%`) is ignored.
    Return None if the text is not an IP address.
    """
    try:
        parsed = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((parsed, ipv6_prefix), strict=False))
