"""Interface servers that stop, die or lose their lease; Unix sockets, TLS and proxies."""

import asyncio
import contextlib
import datetime
import http.client
import os
import signal
import socket
import ssl
import time
import urllib.parse

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from websockets.asyncio.client import unix_connect

from tests.live.transport.sockets import LIMIT_SECONDS, ask, names, open_socket, receive, running, send, wait
from tests.valkey import free_port

pytestmark = pytest.mark.no_database


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_a_stopped_or_killed_interface_leaves_nothing_in_redis(site, second_web, valkey, number):
    room = next(names)
    async with contextlib.AsyncExitStack() as stack:
        reader = await stack.enter_async_context(open_socket(site, room))
        gone = [await stack.enter_async_context(open_socket(site, room, second_web.url)) for _ in range(5)]
        for socket in [reader, *gone]:
            await ask(socket)
        processes = {name.decode() for name in valkey.hkeys(f"asgi:group:{room}")}
        assert len(processes) == 2
        assert await asyncio.to_thread(second_web.end, number) == (0 if number == signal.SIGTERM else -9)
        await asyncio.wait_for(asyncio.gather(*(socket.wait_closed() for socket in gone)), LIMIT_SECONDS)
        assert {socket.close_code for socket in gone} == {1001 if number == signal.SIGTERM else 1006}
        started = time.monotonic()
        while valkey.hlen(f"asgi:group:{room}") == 2:
            # A killed interface leaves a lease of ten seconds. An interface that stops on SIGTERM ends its lease.
            assert time.monotonic() - started < (8 if number == signal.SIGTERM else 30)
            await send(reader, "broadcast", hello=True)
            assert await receive(reader) == {"hello": True}
            await asyncio.sleep(0.1)
        [left] = [name.decode() for name in valkey.hkeys(f"asgi:group:{room}")]
        [dead] = processes - {left}
        await wait(lambda: not valkey.exists(f"asgi:{dead}"), what="the end of the ended interface's list")
        assert valkey.keys(f"asgi:members:{room}:*") == [f"asgi:members:{room}:{left}".encode()]
        await send(reader, "broadcast", still="here")
        assert await receive(reader) == {"still": "here"}
        assert not valkey.exists(f"asgi:{dead}")


async def test_an_interface_that_lost_its_lease_closes_its_connections_with_4408(site, second_web, valkey):
    room = next(names)
    async with open_socket(site, room) as reader, open_socket(site, room, second_web.url) as cut_off:
        await ask(reader)
        await ask(cut_off)
        assert valkey.hlen(f"asgi:group:{room}") == 2
        os.kill(second_web.pid, signal.SIGSTOP)
        async with asyncio.timeout(LIMIT_SECONDS):
            while valkey.hlen(f"asgi:group:{room}") == 2:
                await asyncio.sleep(0.5)
                await send(reader, "broadcast", hello=True)
                await receive(reader)
        os.kill(second_web.pid, signal.SIGCONT)
        await asyncio.wait_for(cut_off.wait_closed(), LIMIT_SECONDS)
        assert cut_off.close_code == 4408


def test_a_busy_interface_keeps_many_new_connections_waiting(second_web):
    """The kernel completes a connection only if the interface's queue has a place for it."""
    address = ("127.0.0.1", urllib.parse.urlsplit(second_web.url).port)
    with contextlib.ExitStack() as stack:
        os.kill(second_web.pid, signal.SIGSTOP)
        stack.callback(os.kill, second_web.pid, signal.SIGCONT)
        started = time.monotonic()
        clients = [stack.enter_context(socket.create_connection(address, LIMIT_SECONDS)) for _ in range(100)]
        assert time.monotonic() - started < 1
        os.kill(second_web.pid, signal.SIGCONT)
        for client in clients:
            client.sendall(b"GET /nothing HTTP/1.0\r\n\r\n")
        assert {client.recv(7) for client in clients} == {b"HTTP/1."}


async def test_a_unix_socket_serves_requests_and_websockets(site):
    path = str(site.folder / "web.sock")
    with running(site.make_part("unix", "interface", "--unix-socket", path)) as part:
        part.wait_until_logged("Listening on endpoint")
        await wait(lambda: os.path.exists(path))

        class Connection(http.client.HTTPConnection):
            def connect(self):
                self.sock = socket.socket(socket.AF_UNIX)
                self.sock.connect(path)

        def get(address):
            connection = Connection("localhost", timeout=10)
            connection.request("GET", address)
            return connection.getresponse().read()

        assert await asyncio.to_thread(get, "/readyz") == b"ready"
        async with unix_connect(path, "ws://localhost/unix/", compression=None) as websocket:
            assert (await ask(websocket, number=1))["number"] == 1
            await send(websocket, "broadcast", number=2)
            assert await receive(websocket) == {"number": 2}
        assert part.end() == 0
        assert "Traceback" not in part.read_log()


def make_certificate(folder):
    """Write a key and a self-signed certificate. Return their paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "key.pem", folder / "certificate.pem"
    pem = serialization.Encoding.PEM
    paths[0].write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    paths[1].write_bytes(certificate.public_bytes(pem))
    return paths


async def test_a_tls_endpoint_serves_requests_and_websockets(site, tmp_path):
    key, certificate = make_certificate(tmp_path)
    port, room = free_port(), next(names)
    url, endpoint = f"https://localhost:{port}", f"ssl:{port}:privateKey={key}:certKey={certificate}"
    with running(site.make_part("tls", "interface", "--endpoint", endpoint)) as part:
        part.wait_until_logged("Listening on endpoint")
        response = await asyncio.to_thread(requests.get, f"{url}/client", verify=str(certificate), timeout=60)
        assert response.status_code == 200
        context = ssl.create_default_context(cafile=str(certificate))
        async with open_socket(site, room, url, ssl=context) as websocket, open_socket(site, room) as plain:
            assert (await ask(websocket, number=1))["number"] == 1
            await ask(plain)
            await send(plain, "broadcast", number=2)
            assert await receive(websocket) == await receive(plain) == {"number": 2}
            for member in (websocket, plain):
                await send(member, "huge", size=300000, times=2)
                for _ in range(2):
                    assert len(await asyncio.wait_for(member.recv(), LIMIT_SECONDS)) == 300000
        assert part.end() == 0
        assert "Traceback" not in part.read_log()


async def test_the_last_forwarded_address_of_one_trusted_proxy_is_the_client_address(site):
    port = free_port()
    headers = {"X-Forwarded-For": "6.6.6.6, 7.7.7.7", "X-Forwarded-Proto": "https"}
    with running(site.make_part("proxied", "interface", "-p", str(port), "--trusted-proxies", "1")) as part:
        part.wait_until_logged("Listening on endpoint")
        response = await asyncio.to_thread(requests.get, f"http://127.0.0.1:{port}/client", headers=headers, timeout=60)
        assert response.json()["address"] == "7.7.7.7"
    assert requests.get(f"{site.url}/client", headers=headers, timeout=60).json()["address"] == "127.0.0.1"
