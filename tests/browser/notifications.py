"""
Steps of the tests of notifications: look away from the page, collect what the browser would show, and deliver pushes.
"""

import json
from urllib.parse import urlsplit

# `chromium-headless-shell` has no notifications. This script collects them for all tabs of a person.
COLLECT = """
Object.defineProperty(Notification, "permission", { get: () => "granted" });
Object.assign(ServiceWorkerRegistration.prototype, {
  async showNotification(title, { body, data }) {
    const shown = JSON.parse(localStorage.getItem("shown") ?? "[]");
    localStorage.setItem("shown", JSON.stringify([...shown, `${title}: ${body}`]));
    localStorage.setItem("address", data.address);
  },
  async getNotifications() {
    return [];
  },
});
"""
COLLECTED = "JSON.parse(localStorage.getItem('shown') ?? '[]')"
LAST_ADDRESS = "localStorage.getItem('address')"
LOOK_AWAY = "document.hasFocus = () => false; window.dispatchEvent(new Event('blur'))"
LOOK_AT = "document.hasFocus = () => true; window.dispatchEvent(new Event('focus'))"
HOLDS_A_ROOM = "navigator.locks.query().then(({ held }) => held.some(({ name }) => name.startsWith('chat.open.')))"
# What the browser really shows.
SHOWN = """navigator.serviceWorker.getRegistration()
  .then((registration) => registration?.getNotifications() ?? [])
  .then((shown) => shown.map(({ title, body }) => `${title}: ${body}`))"""
# A script cannot click a notification as a person does, so this one sends the worker an event of its own.
CLICK = """async () => {
  const [notification] = await self.registration.getNotifications();
  self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
}"""


def get_worker(page):
    """Wait until the service worker of a page is active, and return the worker."""
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    [worker] = page.context.service_workers
    return worker


def make_push_manager(browser):
    """Return a script that subscribes pages with the keys of a PushBrowser. Tests reach no real push service."""
    return f"""
        const fields = {json.dumps(browser.fields)};
        let subscription = null;
        PushManager.prototype.getSubscription = async () => subscription;
        PushManager.prototype.subscribe = async ({{ applicationServerKey: key }}) => {{
          const text = atob(key.replaceAll("-", "+").replaceAll("_", "/"));
          const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
          subscription = {{
            options: {{ applicationServerKey: bytes.buffer }}, toJSON: () => fields,
            async unsubscribe() {{ subscription = null; return true; }},
          }};
          return subscription;
        }};
    """


def deliver_push(page, content):
    """Deliver a push to the service worker of a page, as the browser does when its push service sends one."""
    found = []
    protocol = page.context.new_cdp_session(page)
    protocol.on("ServiceWorker.workerRegistrationUpdated", lambda event: found.extend(event["registrations"]))
    protocol.send("ServiceWorker.enable")
    while not found:
        page.wait_for_timeout(20)
    parts = urlsplit(page.url)
    protocol.send(
        "ServiceWorker.deliverPushMessage",
        {
            "origin": f"{parts.scheme}://{parts.netloc}",
            "registrationId": found[-1]["registrationId"],
            "data": json.dumps(content),
        },
    )
