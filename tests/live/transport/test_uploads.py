"""Files of any size go to the storage and back through real processes, which keep only a small part in memory."""

import contextlib
import hashlib
import http.client
import io
import json
import socket
import subprocess
import threading
import time
from urllib.parse import urlsplit

import pytest
import requests

from tests.live.processes import read_memory, wait_until

pytestmark = pytest.mark.no_database

SIZE, MOST_GROWTH = 100_000_000, 20_000_000
BLOCK = bytes(range(256)) * 4096


class Content(io.RawIOBase):
    """A file of SIZE bytes that is made while it is read."""

    def __init__(self, size=SIZE):
        self.size, self.position = size, 0

    def __len__(self):
        return self.size

    def read(self, most=-1):
        left = min(len(BLOCK), self.size - self.position, most if most >= 0 else self.size)
        self.position += left
        return BLOCK[:left]


def find_digest():
    digest, content = hashlib.sha256(), Content()
    while data := content.read():
        digest.update(data)
    return digest.hexdigest()


def find_files(site):
    folder = site.folder / "uploads"
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


@contextlib.contextmanager
def bounded_memory(site):
    """Fail if a process needs much more memory within the `with` block, at any moment."""
    parts, grown, done = [site.web, *site.workers], {}, threading.Event()
    before = {part.name: read_memory(part) for part in parts}

    def watch():
        while not done.wait(0.02):
            for part in parts:
                grown[part.name] = max(grown.get(part.name, 0), read_memory(part) - before[part.name])

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield
    finally:
        done.set()
        watching.join()
    assert max(grown.values()) < MOST_GROWTH, grown


def test_a_hundred_megabytes_go_in_and_out_with_little_memory(site):
    requests.post(f"{site.url}/upload/first", b"x" * 300_000, timeout=30)  # starts the threads
    assert requests.get(f"{site.url}/download/first", timeout=30).content == b"x" * 300_000
    with bounded_memory(site):
        done = requests.post(f"{site.url}/upload/large", Content(), timeout=60)
        assert done.status_code == 201 and done.json()["size"] == SIZE
    digest = hashlib.sha256()
    with bounded_memory(site), requests.get(f"{site.url}/download/large", stream=True, timeout=60) as response:
        time.sleep(0.5)  # the client does not read, and the file does not wait in the interface
        for data in response.iter_content(2**20):
            digest.update(data)
    assert digest.hexdigest() == find_digest()


def test_a_form_is_stored_and_its_fields_are_told(site):
    file = BLOCK + b"\r\n--"
    done = requests.post(
        f"{site.url}/upload/form", {"a": "b"}, files={"file": ("grün.png", file, "image/png")}, timeout=30
    )
    told = done.json()
    assert done.status_code == 201 and (told["stage"], told["size"]) == ("stored", len(file))
    assert told["fields"] == {"a": "b"} and told["type"] == "image/png"
    assert requests.get(f"{site.url}/download/form", timeout=30).content == file


def test_ordinary_clients_read_why_an_upload_is_refused(site, tmp_path):
    address = urlsplit(site.url).netloc
    plain = http.client.HTTPConnection(address, timeout=30)
    plain.request("POST", "/upload/refused", BLOCK * 30)
    assert plain.getresponse().read() == b"refused"
    refused = requests.post(f"{site.url}/upload/refused", Content(30_000_000), timeout=30)
    assert (refused.status_code, refused.text) == (403, "refused")
    path = tmp_path / "large"
    path.write_bytes(BLOCK * 30)
    for options in (["--data-binary", f"@{path}"], ["--form", f"file=@{path}"]):
        curl = subprocess.run(
            ["curl", "--silent", "--show-error", *options, f"{site.url}/upload/refused"], capture_output=True, text=True
        )
        assert (curl.returncode, curl.stdout) == (0, "refused"), curl.stderr
    assert "refused" not in find_files(site) and "refused.new" not in find_files(site)


@contextlib.contextmanager
def unfinished_upload(site, url):
    """Send a half of the file `broken` within a `with` block."""
    host = urlsplit(url)
    with socket.create_connection((host.hostname, host.port)) as client:
        client.sendall(b"POST /upload/broken HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + BLOCK[:500_000])
        wait_until(lambda: "broken.new" in find_files(site), what="the unfinished file")
        yield


def test_an_interface_that_stops_deletes_its_unfinished_uploads(site, second_web):
    with unfinished_upload(site, second_web.url):
        assert second_web.end() == 0
        assert not find_files(site) & {"broken", "broken.new"}


def test_an_upload_that_breaks_off_leaves_nothing(site):
    with unfinished_upload(site, site.url):
        pass
    wait_until(lambda: not find_files(site) & {"broken", "broken.new"}, what="the deletion")
    answer = requests.post(f"{site.url}/upload/broken", b"again", timeout=30)
    assert json.loads(answer.text)["size"] == 5
