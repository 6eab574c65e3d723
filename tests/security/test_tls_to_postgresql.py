"""
TLS to PostgreSQL: DATABASE_URL can require a certificate of an authority, with the name of the server.

A server in this process speaks the first part of PostgreSQL's protocol. When the TLS of a connection is complete, the
server sends an error of its own. So no PostgreSQL has to run.
"""

import contextlib
import socket
import ssl
import struct
import threading

import dj_database_url
import psycopg2
import pytest

from chatproj.db.postgresql.base import DatabaseWrapper
from chatproj.setting_values import check_database_url
from tests.tls import Authority

pytestmark = pytest.mark.no_database

SSL_REQUEST = struct.pack("!ii", 8, 80877103)
# The severity, the code and the text of an error, each with its letter.
REACHED = b"SFATAL\0C28000\0Mthe server was reached\0\0"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"), "authority")


@contextlib.contextmanager
def serving(certificate):
    """Run the server with a certificate, or without TLS for None. Yield its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve, args=[listener, certificate], daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def _serve(listener, certificate):
    with contextlib.suppress(OSError):
        while True:
            client, _ = listener.accept()
            with client, contextlib.suppress(OSError):
                _answer(client, certificate)


def _answer(client, certificate):
    first = client.recv(8)
    if first == SSL_REQUEST and certificate is None:
        client.sendall(b"N")
    elif first == SSL_REQUEST:
        client.sendall(b"S")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        client = context.wrap_socket(client, server_side=True)
    client.recv(1000)
    client.sendall(b"E" + struct.pack("!i", 4 + len(REACHED)) + REACHED)
    client.close()


def connect(port, authority, host="localhost"):
    """Connect as the site does with this DATABASE_URL. Return the text of the error, because no database answers."""
    url = f"postgres://chat:hunter2@{host}:{port}/chat?sslmode=verify-full&sslrootcert={authority.path}"
    settings = dj_database_url.parse(check_database_url(url))
    with pytest.raises(psycopg2.OperationalError) as error:
        DatabaseWrapper({**settings, "TIME_ZONE": None, "AUTOCOMMIT": True}).connect()
    assert "hunter2" not in str(error.value)
    return str(error.value)


def test_a_certificate_of_the_authority_with_the_name_of_the_server_is_accepted(authority):
    with serving(authority.make_server("localhost")) as port:
        assert "the server was reached" in connect(port, authority)


def test_a_certificate_of_another_authority_is_refused(authority, tmp_path):
    other = Authority(tmp_path, "other")
    with serving(other.make_server("localhost")) as port:
        assert "certificate verify failed" in connect(port, authority)


def test_a_certificate_of_another_host_is_refused(authority):
    with serving(authority.make_server("db.example")) as port:
        text = connect(port, authority)
    assert 'server certificate for "db.example"' in text and 'does not match host name "localhost"' in text


def test_a_server_without_tls_is_refused(authority):
    with serving(None) as port:
        assert "server does not support SSL, but SSL was required" in connect(port, authority)
