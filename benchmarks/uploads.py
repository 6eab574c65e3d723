"""
Measure an upload and a download of 100 MB: seconds, and the memory of every process that takes part.

    .venv/bin/python -m benchmarks.uploads
    .venv/bin/python -m benchmarks.uploads --bytes 1000000000 --at-once 5

The program starts the small site of the transport's tests, and prints a table. The test requirements must be installed.
Linux only.
"""

import argparse
import contextlib
import threading
import time

import requests

from tests.live import rooms
from tests.live.processes import Site
from tests.live.transport.sockets import SETTINGS

PART = bytes(range(256)) * 4096


class Content:
    """A file that is made while it is read."""

    def __init__(self, size):
        self.size, self.left = size, size

    def __len__(self):
        return self.size

    def read(self, most=-1):
        part = PART[: min(len(PART), self.left, most if most >= 0 else self.left)]
        self.left -= len(part)
        return part


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--bytes", type=int, default=100_000_000, help="size of a file (default: %(default)s)")
    parser.add_argument("--at-once", type=int, default=1, help="files at the same time (default: %(default)s)")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        site = Site(workers=1, **SETTINGS)
        stack.callback(site.stop)
        site.start()
        requests.post(f"{site.url}/upload/first", b"x", timeout=60).raise_for_status()
        requests.get(f"{site.url}/download/first", timeout=60).raise_for_status()
        print(f"{options.at_once} x {options.bytes:,} bytes; memory is RSS in MB")
        print("| what | seconds | interface before | peak | worker before | peak | Valkey before | peak |")
        print("|---|---|---|---|---|---|---|---|")
        for what in (upload, upload_form, download, download_slowly):
            print(measure(site, what, options), flush=True)


def upload(site, number, size):
    requests.post(f"{site.url}/upload/{number}", Content(size), timeout=600).raise_for_status()


def upload_form(site, number, size):
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'

    def parts():
        content = Content(size)
        yield head
        while part := content.read():
            yield part
        yield b"\r\n--b--\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    requests.post(f"{site.url}/upload/{number}", parts(), headers=headers, timeout=600).raise_for_status()


def download(site, number, size, pause_seconds=0.0):
    with requests.get(f"{site.url}/download/{number}", stream=True, timeout=600) as response:
        time.sleep(pause_seconds)
        assert sum(map(len, response.iter_content(65536))) == size


def download_slowly(site, number, size):
    download(site, number, size, pause_seconds=2)


def measure(site, what, options):
    """Do something, several times at once. Return its row of the table."""
    parts = [site.web, site.workers[0], site.valkey]
    before = [reset_peak(part) for part in parts]
    threads = [threading.Thread(target=what, args=(site, number, options.bytes)) for number in range(options.at_once)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - began
    peaks = [rooms.memory_mb(part.pid, "VmHWM") for part in parts]
    cells = [f"{value:.1f}" for pair in zip(before, peaks, strict=True) for value in pair]
    return f"| {what.__name__.replace('_', ' ')} | {seconds:.2f} | {' | '.join(cells)} |"


def reset_peak(part):
    """Reset the peak memory of a process. Return its memory now, in MB."""
    rooms.reset_peak_memory(part.pid)
    return rooms.memory_mb(part.pid)


if __name__ == "__main__":
    main()
