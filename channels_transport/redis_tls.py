"""
TLS of the interface's connections to Redis, which run in Twisted's reactor.

The blocking connections in redis_connections.py take the same arguments. Unless verification is off, both kinds
verify the host name of the certificate. They verify its signature with the authorities in the URL, or else with the
authorities of the system.
"""

from __future__ import annotations

import re
from typing import Any

from OpenSSL import SSL
from twisted.internet import ssl
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from zope.interface import implementer

from .redis_connections import is_verified, make_tls_context

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def make_tls_options(given: dict[str, Any]) -> Any:
    """Return Twisted's options for TLS, from a connection's arguments. Raise the errors of `make_tls_context`."""
    make_tls_context(given)  # called only to raise its errors
    host = given.get("host") or "localhost"
    identity = _read_identity(given)
    if not is_verified(given):
        options = identity.options() if identity else ssl.CertificateOptions(verify=False)
        return _UnverifiedConnections(options.getContext(), host)
    authorities = None
    if given.get("ssl_ca_certs"):
        blocks = _CERTIFICATE.findall(_read(given["ssl_ca_certs"]))
        authorities = ssl.trustRootFromCertificates([ssl.Certificate.loadPEM(block) for block in blocks])
    return ssl.optionsForClientTLS(host, authorities, identity)


def _read_identity(given: dict[str, Any]) -> Any:
    """Return the certificate and the key that the client shows to the server, or None."""
    if not given.get("ssl_certfile"):
        return None
    paths = [given["ssl_certfile"], *([given["ssl_keyfile"]] if given.get("ssl_keyfile") else [])]
    return ssl.PrivateCertificate.loadPEM(b"\n".join(map(_read, paths)))


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


@implementer(IOpenSSLClientConnectionCreator)
class _UnverifiedConnections:
    """
    Opens connections that verify no certificate.

    They send the host name, which a server with several certificates needs.
    """

    def __init__(self, context: SSL.Context, host: str) -> None:
        self.context, self.host = context, host

    def clientConnectionForTLS(self, tls_protocol: Any) -> SSL.Connection:
        """Return a new connection, as Twisted's interface requires."""
        connection = SSL.Connection(self.context, None)
        if not (isIPAddress(self.host) or isIPv6Address(self.host)):
            connection.set_tlsext_host_name(self.host.encode("idna"))
        return connection
