"""An operator sees on the page of the site's health what works, what is wrong, and what changes, in a real browser."""

import json
import math
import time

import pytest
from playwright.sync_api import expect

from chat.store import RedisStore
from tests.browser.accessibility import assert_accessible
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.gallery import keep_screenshot
from tests.browser.log_in import log_in
from tests.live.processes import wait_until

PATIENCE_MS = 40_000
STEP_SECONDS = 5
STEPS = 175


@pytest.fixture
def watched(site):
    """Yield the site with a monitor, a delay server, and a worker of its own that the test may kill."""
    site.monitor = site.make_part("monitor", "monitor", "--interval", "1")
    site.delay = site.make_part("delay", "rundelay")
    site.victim = site.make_part("victim", "runworker")
    parts = (site.monitor, site.delay, site.victim)
    store_points(RedisStore(site.redis_url))
    for part in parts:
        part.start()
    site.victim.wait_until_logged("Listening on channels")
    site.delay.wait_until_logged("Listening on asgi.delay")
    yield site
    for part in parts:
        if part.is_running:
            part.kill()


def store_points(store):
    """Put points of the last 15 minutes into the history, in the form in which a monitor stores them."""
    now = time.time()
    for number in range(STEPS):
        wave = 1 + math.sin(number / 12) / 3 + number % 7 / 40
        point = {
            **{"at": now - (STEPS - number) * STEP_SECONDS, "sockets": round(13 * wave), "people": round(11 * wave)},
            **{"polls": 2, "received": 14 * wave, "sent": 70 * wave, "busy": 0.1 * wave},
            **{"reply_p50": 0.006 * wave, "reply_p95": 0.018 * wave, "delivery_p95": 0.03 * wave},
            **{"pending": round(2 * wave), "oldest": 0.1 if number % 30 else 0.6, "memory": 2.1e6 * (1 + number / 900)},
            **{"trip": 0.0002 * wave, "database": 0.004 * wave, "refused": 0},
        }
        store.append_texts({"operations-points": json.dumps(point)}, {"operations-points": 180}, 900)


def test_an_operator_sees_the_state_of_the_site_live(watched, browser_of, operator, owner, slug):
    page = browser_of("Operator", **DESKTOP)
    log_in(page.context, operator)
    page.goto(f"{watched.url}/operations/")
    expect(page.get_by_test_id("live")).to_have_text("Live", timeout=PATIENCE_MS)
    expect(page.get_by_test_id("not-sampled")).to_have_count(0, timeout=PATIENCE_MS)

    for number in range(100):
        owner.call("POST", f"/api/rooms/{slug}/messages/", ref=f"health-{slug}-{number}", body="Hello", expected=201)
    rooms = page.get_by_test_id("part-rooms")
    expect(rooms.locator("tr", has_text="100")).to_have_count(1, timeout=PATIENCE_MS)
    victim = page.get_by_test_id("part-processes").locator("tbody tr", has_text=str(watched.victim.pid))
    expect(victim).to_have_attribute("data-state", "alive")
    wait_until(lambda: page.evaluate("document.querySelectorAll('.plot path[d*=L]').length") > 5, 60)
    keep_screenshot(page, "operations", full_page=True)
    assert_accessible(page, "the site's health")

    watched.victim.kill()
    expect(victim).to_have_attribute("data-state", "dead", timeout=15_000)
    problem = page.get_by_test_id("problem").filter(has_text=str(watched.victim.pid))
    expect(problem).to_contain_text("has not reported for")
    expect(page.locator("#verdict-news")).to_contain_text(str(watched.victim.pid))
    chart = page.get_by_test_id("chart").first
    button = chart.get_by_role("button")
    button.focus()
    page.keyboard.press("Enter")
    expect(chart.locator("tbody tr").nth(10)).to_be_visible()
    page.emulate_media(color_scheme="dark")
    assert_accessible(page, "the site's health with a problem")
    page.set_viewport_size(PHONE["viewport"])
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["viewport"]["width"]
    keep_screenshot(page, "operations", full_page=True)

    watched.monitor.kill()
    expect(page.get_by_test_id("live")).to_contain_text("Check that the monitor runs", timeout=PATIENCE_MS)
    page.context.set_extra_http_headers({"Accept-Language": "ar"})
    page.reload()
    expect(page.get_by_test_id("not-sampled")).to_contain_text("manage.py monitor")
    keep_screenshot(page, "operations in Arabic")
