// Tests of how a page shows and closes notifications with the service worker. The browser's registration is a fake.

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { settle } from "./fakes.mjs";

const browser = {};

/** A browser in which the person has made this choice about notifications. */
function reset({ permission = "granted", hasOnlyTouch = false } = {}) {
  const shown = [];
  const registration = {
    async showNotification(title, options) {
      const notification = { title, ...options, close: () => shown.splice(shown.indexOf(notification), 1) };
      for (const other of shown.filter(({ tag }) => tag === options.tag)) other.close();
      shown.push(notification);
    },
    getNotifications: async ({ tag } = {}) => shown.filter((notification) => !tag || notification.tag === tag),
    async unregister() { browser.registration = undefined; },
  };
  Object.assign(browser, { shown, kept: new Set(["chat-1", "chat-2"]), registration: undefined, registered: [], listeners: {}, permission, hasOnlyTouch });
  browser.serviceWorker = {
    ready: Promise.resolve(registration),
    async register(path) {
      browser.registered.push(path);
      browser.registration = registration;
    },
    getRegistration: async () => browser.registration,
    addEventListener: (type, listener) => { browser.listeners[type] = listener; },
  };
}

const page = new EventTarget();
Object.assign(page, { body: { dataset: { person: "bob" } } });
const Notification = { get permission() { return browser.permission; } };
const navigator = { get serviceWorker() { return browser.serviceWorker; }, locks: {} };
const caches = { keys: async () => [...browser.kept], delete: async (name) => browser.kept.delete(name) };
const window = { Notification, isSecureContext: true, matchMedia: () => ({ matches: browser.hasOnlyTouch }) };
for (const [name, value] of Object.entries({ caches, document: page, Notification, navigator, window })) {
  Object.defineProperty(globalThis, name, { value, configurable: true });
}
const { closeNotifications, registerWorker, showNotification, startNotifications, watchNotificationsEnd } = await import(
  "../../chat/static/chat/ui/notification-worker.js"
);
const notice = (more = {}) => ({ title: "Alice", body: "Hello", address: "/rooms/a/#message-1", tag: "a 1", slug: "a", ...more });
const titles = () => browser.shown.map(({ title }) => title);

beforeEach(() => {
  reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
});
afterEach(() => mock.timers.reset());

test("the worker shows a notification, which carries the address of its message", async () => {
  await showNotification(notice());
  assert.deepEqual(browser.registered, ["/service-worker.js"]);
  const [{ title, body, tag, silent, data }] = browser.shown;
  assert.deepEqual({ title, body, tag, silent }, { title: "Alice", body: "Hello", tag: "a 1", silent: true });
  assert.deepEqual([data.address, data.slug, data.person], ["/rooms/a/#message-1", "a", "bob"]);
});

test("without the permission, nothing is shown", async () => {
  for (const permission of ["default", "denied"]) {
    reset({ permission });
    await startNotifications(() => undefined);
    await showNotification(notice());
    assert.deepEqual(browser.shown, []);
  }
});

test("a site without the service worker registers none and shows nothing", async (context) => {
  page.body.dataset.worker = "off";
  context.after(() => { delete page.body.dataset.worker; });
  await startNotifications(() => undefined);
  await showNotification(notice());
  assert.deepEqual([await registerWorker(), browser.registered, browser.shown], [null, [], []]);
});

test("a push stays on the screen of a desktop when a page starts", async () => {
  await showNotification(notice());
  Object.assign(browser.shown[0].data, { isPush: true, shownAt: Date.now() - 3_600_000 });
  await startNotifications(() => undefined);
  assert.deepEqual(titles(), ["Alice"]);
});

test("a notification ends after 20 seconds, and on a phone it stays", async () => {
  for (const hasOnlyTouch of [false, true]) {
    reset({ hasOnlyTouch });
    await showNotification(notice());
    mock.timers.tick(19_000);
    await settle();
    assert.deepEqual(titles(), ["Alice"]);
    mock.timers.tick(1_000);
    await settle();
    assert.deepEqual(titles(), hasOnlyTouch ? ["Alice"] : []);
  }
});

test("a newer notification with the same tag has its own time", async () => {
  await showNotification(notice());
  mock.timers.tick(15_000);
  await showNotification(notice({ title: "Charlie" }));
  mock.timers.tick(5_000);
  await settle();
  assert.deepEqual(titles(), ["Charlie"]);
});

test("only the notifications of a room that was read are closed", async () => {
  await showNotification(notice());
  await showNotification(notice({ title: "Charlie", tag: "b 1", slug: "b" }));
  await closeNotifications(({ slug }) => slug === "a");
  assert.deepEqual(titles(), ["Charlie"]);
});

test("a page that starts closes what was for another person, and opens what the person chooses", async () => {
  await showNotification(notice());
  browser.shown[0].data.person = "alice";
  await showNotification(notice({ title: "Charlie", tag: "b 1" }));
  const opened = [];
  await startNotifications((address) => opened.push(address));
  assert.deepEqual(titles(), ["Charlie"]);
  const answers = [];
  browser.listeners.message({ data: { address: "/rooms/a/" }, ports: [{ postMessage: (answer) => answers.push(answer) }] });
  browser.listeners.message({ data: "something else", ports: [] });
  assert.deepEqual([opened, answers], [["/rooms/a/"], [true]]);
});

test("a page that starts closes what another page has left on the screen, except on a phone", async () => {
  for (const hasOnlyTouch of [false, true]) {
    reset({ hasOnlyTouch });
    await showNotification(notice());
    browser.shown[0].data.shownAt -= 20_000;
    await showNotification(notice({ title: "Charlie", tag: "b 1" }));
    await startNotifications(() => undefined);
    assert.deepEqual(titles(), hasOnlyTouch ? ["Alice", "Charlie"] : ["Charlie"]);
  }
});

test("the end of the login closes the notifications, unregisters the worker and deletes what it has kept", async () => {
  watchNotificationsEnd();
  await showNotification(notice());
  page.dispatchEvent(new Event("chat:forgotten"));
  for (let turn = 0; turn < 5; turn += 1) await settle();
  assert.deepEqual([browser.shown, browser.registration, browser.kept.size], [[], undefined, 0]);
});
