"""
Measure a room with a long history in Chromium: the frames while a person scrolls, the elements, and the memory.

    .venv/bin/python -m benchmarks.scrolling                    10,000 messages
    .venv/bin/python -m benchmarks.scrolling --messages 2000

The program starts its own site, as the live tests do, opens a room, and loads all messages by scrolling up. Then it
scrolls down and up again through all of them, 120 px in each frame, and prints a table. The test requirements and
Chromium must be installed.
"""

import argparse
import statistics

from benchmarks.browsing import browse_filled_room
from tests.browser.log_in import log_in

STEP_PX = 120
PATIENCE_MS = 900_000

# This script scrolls to the upper end until everything is loaded. It returns the times between frames in ms.
LOAD = """async () => {
    const frames = [], scroller = document.getElementById("scroller");
    let last = await new Promise(requestAnimationFrame);
    while (document.getElementById("beginning").hidden) {
        scroller.scrollTop = 0;
        const now = await new Promise(requestAnimationFrame);
        frames.push(now - last);
        last = now;
    }
    return frames;
}"""

# This script scrolls by `step` in each frame until the end. It returns the times between frames in ms, and the largest
# number of drawn messages.
SCROLL = """async (step) => {
    const frames = [], scroller = document.getElementById("scroller"), list = document.getElementById("messages");
    let [rows, still, place] = [0, 0, scroller.scrollTop];
    let last = await new Promise(requestAnimationFrame);
    while (still < 10) {
        scroller.scrollTop += step;
        const now = await new Promise(requestAnimationFrame);
        frames.push(now - last);
        last = now;
        rows = Math.max(rows, list.childElementCount);
        still = scroller.scrollTop === place ? still + 1 : 0;
        place = scroller.scrollTop;
    }
    return [frames, rows];
}"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--messages", type=int, default=10_000, help="messages of the room (default: %(default)s)")
    count = parser.parse_args().messages
    with browse_filled_room(count) as (site, person, slug, browser):
        measure(open_room(browser, site, person, slug), count)


def open_room(browser, site, person, slug):
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    log_in(context, person)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{site.url}/rooms/{slug}/")
    page.wait_for_selector("[data-state=open]")
    return page


def measure(page, count):
    """Load and scroll through all messages, and print the figures."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable")
    before = read_memory(devtools)
    loading = page.evaluate(LOAD)
    loaded = read_memory(devtools)
    rows_loaded = page.locator("#messages > *").count()
    busy = read_metrics(devtools)["TaskDuration"]
    down, rows_down = page.evaluate(SCROLL, STEP_PX)
    up, rows_up = page.evaluate(SCROLL, -STEP_PX)
    busy = 1000 * (read_metrics(devtools)["TaskDuration"] - busy) / (len(down) + len(up))
    after = read_memory(devtools)
    print(f"{count:,} messages\n\n| phase | frames | median ms | p95 ms | longest ms | over 50 ms | most rows drawn |")
    print("|---|---|---|---|---|---|---|")
    for phase, frames, rows in [("load all", loading, rows_loaded), ("down", down, rows_down), ("up", up, rows_up)]:
        print(f"| {phase} | {describe(frames)} | {rows} |")
    print(f"\nThe page's main thread was busy for {busy:.1f} ms of each frame, on average.")
    print("\n| moment | JavaScript heap MB | DOM nodes |\n|---|---|---|")
    for moment, (heap, nodes) in [("room opened", before), ("all loaded", loaded), ("after scrolling", after)]:
        print(f"| {moment} | {heap:.1f} | {nodes:,} |")


def read_memory(devtools):
    """Return the JavaScript heap after a garbage collection, in MB, and the number of DOM nodes."""
    devtools.send("HeapProfiler.collectGarbage")
    metrics = read_metrics(devtools)
    return metrics["JSHeapUsedSize"] / 1e6, int(metrics["Nodes"])


def read_metrics(devtools):
    """Return Chromium's metrics of the page by their names. Durations are in seconds."""
    return {one["name"]: one["value"] for one in devtools.send("Performance.getMetrics")["metrics"]}


def describe(frames):
    """Return the cells of a table that describe the times between frames, in ms."""
    p95 = statistics.quantiles(frames, n=20)[-1]
    slow = sum(frame > 50 for frame in frames)
    return f"{len(frames)} | {statistics.median(frames):.1f} | {p95:.1f} | {max(frames):.1f} | {slow}"


if __name__ == "__main__":
    main()
