"""
Measure pages in Chromium on a slow network: the time to load, the requests, the bytes, and the shifts of the layout.

    .venv/bin/python -m benchmarks.loading                              300 ms, 80 kB/s
    .venv/bin/python -m benchmarks.loading --latency-ms 40 --kb-per-second 1000

The program starts its own site, as the live tests do, with a room of 500 messages. It opens each page with an empty
cache ("first"), and again with what the browser has kept ("again"), and prints a table. It measures the time, the
requests and the bytes until the page shows its main content: the messages, the list of rooms, or the first form. It
adds the shifts up for two more seconds. The test requirements and Chromium must be installed.
"""

import argparse
import statistics
import time
from typing import NamedTuple

from benchmarks.browsing import browse_filled_room
from tests.browser.log_in import log_in

MESSAGES = 500
PATIENCE_MS = 60_000
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
# This script adds up all shifts of the layout that no input of the person has caused.
OBSERVE_SHIFTS = """() => {
    window.layoutShift = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.layoutShift += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
}"""
IS_SHOWN = "(selector) => document.querySelector(selector)?.checkVisibility()"


class Load(NamedTuple):
    """One load of a page. `shift` is the sum of the layout shifts, as browsers count it."""

    seconds: float
    requests: int
    kilobytes: float
    shift: float


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--latency-ms", type=int, default=300, help="added to each request (default: %(default)s)")
    parser.add_argument("--kb-per-second", type=int, default=80, help="speed of the network (default: %(default)s)")
    parser.add_argument(
        "--repetitions", type=int, default=5, help="visits to each page, each with both loads (default: %(default)s)"
    )
    parser.add_argument("--language", default="en", help="language of the browser (default: %(default)s)")
    options = parser.parse_args()
    with browse_filled_room(MESSAGES) as (site, person, slug, browser):
        pages = {"a room": f"/rooms/{slug}/", "the lobby": "/", "the settings": "/settings/"}
        shown = {"a room": ".message[data-id]", "the lobby": "#rooms li", "the settings": "main form"}
        print(f"{options.latency_ms} ms, {options.kb_per_second} kB/s, language {options.language}\n")
        print("| page | visit | median s | longest s | requests | kB | layout shift |\n|---|---|---|---|---|---|---|")
        for name, path in pages.items():
            loads = [load_twice(browser, site, person, path, shown[name], options) for _ in range(options.repetitions)]
            for visit, loads_of_visit in zip(("first", "again"), zip(*loads, strict=True), strict=True):
                print(f"| {name} | {visit} | {describe(loads_of_visit)} |")


def load_twice(browser, site, person, path, selector, options):
    """Return the Load of a page with an empty cache, and the Load of the next visit."""
    context = browser.new_context(**PHONE, locale=options.language)
    log_in(context, person)
    context.set_default_timeout(PATIENCE_MS)
    try:
        return [load(context, f"{site.url}{path}", selector, options) for _ in range(2)]
    finally:
        context.close()


def load(context, url, selector, options):
    page = context.new_page()
    page.add_init_script(f"({OBSERVE_SHIFTS})()")
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    bytes_per_second = options.kb_per_second * 1000
    conditions = {"offline": False, "latency": options.latency_ms}
    conditions |= {"downloadThroughput": bytes_per_second, "uploadThroughput": bytes_per_second}
    devtools.send("Network.emulateNetworkConditions", conditions)
    sizes, from_cache = {}, set()
    devtools.on("Network.requestServedFromCache", lambda event: from_cache.add(event["requestId"]))
    devtools.on("Network.loadingFinished", lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}))
    begin = time.monotonic()
    page.goto(url, wait_until="commit")
    # The page itself looks in each frame. `wait_for_selector` waits up to half a second between two looks.
    page.wait_for_function(IS_SHOWN, arg=selector)
    seconds = time.monotonic() - begin
    loaded = {request: size for request, size in sizes.items() if request not in from_cache and size > 0}
    page.wait_for_timeout(2_000)
    shift = page.evaluate("() => window.layoutShift")
    page.close()
    return Load(seconds, len(loaded), sum(loaded.values()) / 1000, shift)


def describe(loads):
    """Return the cells of a table that describe the loads of a page."""
    seconds = [one.seconds for one in loads]
    requests, kilobytes, shift = (
        statistics.median(getattr(one, name) for one in loads) for name in ("requests", "kilobytes", "shift")
    )
    return f"{statistics.median(seconds):.2f} | {max(seconds):.2f} | {requests} | {kilobytes:.1f} | {shift:.3f}"


if __name__ == "__main__":
    main()
