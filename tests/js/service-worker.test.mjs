// Tests of the service worker: which tab opens the message of a notification. The worker runs in a scope of the test.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import vm from "node:vm";

import { settle } from "./fakes.mjs";

const SOURCE = readFileSync(new URL("../../chat/http/site_root/service-worker.js", import.meta.url), "utf8");
const ORIGIN = "https://chat.example";

/** Starts the worker with tabs at these paths. `log` records what the worker does. */
function startWorker(...tabs) {
  const log = [];
  const listeners = {};
  const timers = [];
  const scope = {
    location: new URL(`${ORIGIN}/service-worker.js`),
    addEventListener: (type, listener) => { listeners[type] = listener; },
    skipWaiting: () => log.push("skipWaiting"),
    clients: {
      claim: async () => log.push("claim"),
      matchAll: async (options) => {
        assert.deepEqual({ ...options }, { type: "window", includeUncontrolled: true });
        return tabs;
      },
      openWindow: async (url) => log.push(["openWindow", url]),
    },
  };
  class MessageChannel {
    port1 = {};
    port2 = { postMessage: (data) => this.port1.onmessage({ data }) };
  }
  const setTimeout = (callback) => timers.push(callback);
  vm.runInNewContext(SOURCE, { self: scope, URL, MessageChannel, setTimeout, clearTimeout: () => timers.pop() });
  for (const tab of tabs) tab.log = log;
  const click = async (address) => {
    const waiting = [];
    const notification = { data: address && { address }, close: () => log.push("close") };
    listeners.notificationclick({ notification, waitUntil: (promise) => waiting.push(promise) });
    for (let turn = 0; turn < 5; turn += 1) await settle();
    while (timers.length > 0) timers.pop()();
    await Promise.all(waiting);
  };
  return { log, listeners, click };
}

function makeTab(path, { answers = true, mayFocus = true, mayNavigate = true } = {}) {
  const tab = {
    url: ORIGIN + path,
    async focus() {
      if (!mayFocus) throw new Error("InvalidAccessError");
      tab.log.push(["focus", path]);
      return tab;
    },
    async navigate(url) {
      if (!mayNavigate) throw new TypeError("not controlled");
      tab.log.push(["navigate", path, url]);
    },
    postMessage({ address }, [port]) {
      tab.log.push(["ask", path, address]);
      if (answers) port.postMessage(true);
    },
  };
  return tab;
}

test("the worker replaces its old version at once, and answers no requests", async () => {
  const { log, listeners } = startWorker();
  assert.deepEqual(Object.keys(listeners).sort(), ["activate", "install", "notificationclick"]);
  listeners.install();
  const waiting = [];
  listeners.activate({ waitUntil: (promise) => waiting.push(promise) });
  await Promise.all(waiting);
  assert.deepEqual(log, ["skipWaiting", "claim"]);
});

test("a click opens the message in the tab that shows the room", async () => {
  const { log, click } = startWorker(makeTab("/settings/"), makeTab("/rooms/b/"), makeTab("/rooms/a/"));
  await click("/rooms/a/#message-5");
  assert.deepEqual(log, ["close", ["focus", "/rooms/a/"], ["ask", "/rooms/a/", "/rooms/a/#message-5"]]);
});

test("without such a tab, it opens the message in the last used tab with rooms", async () => {
  for (const path of ["/", "/rooms/b/"]) {
    const { log, click } = startWorker(makeTab("/settings/"), makeTab(path), makeTab("/rooms/c/"));
    await click("/rooms/a/#message-5");
    assert.deepEqual(log, ["close", ["focus", path], ["ask", path, "/rooms/a/#message-5"]]);
  }
});

test("without a tab with rooms, it opens a window, and other tabs keep their page", async () => {
  const { log, click } = startWorker(makeTab("/settings/"), makeTab("/board/1/"), makeTab("/rooms/"));
  await click("/rooms/a/#message-5");
  assert.deepEqual(log, ["close", ["openWindow", `${ORIGIN}/rooms/a/#message-5`]]);
});

test("a board that is open gets only the focus", async () => {
  const { log, click } = startWorker(makeTab("/rooms/a/"), makeTab("/board/1/"));
  await click("/board/1/");
  assert.deepEqual(log, ["close", ["focus", "/board/1/"]]);
});

test("a tab that does not answer loads the address, if the worker controls it", async () => {
  const silent = startWorker(makeTab("/rooms/b/", { answers: false }));
  await silent.click("/rooms/a/");
  assert.deepEqual(silent.log.at(-1), ["navigate", "/rooms/b/", `${ORIGIN}/rooms/a/`]);
  const foreign = startWorker(makeTab("/rooms/b/", { answers: false, mayNavigate: false }));
  await foreign.click("/rooms/a/");
  assert.deepEqual(foreign.log.at(-1), ["openWindow", `${ORIGIN}/rooms/a/`]);
});

test("a tab that may not take the focus still opens the message", async () => {
  const { log, click } = startWorker(makeTab("/", { mayFocus: false }));
  await click("/rooms/a/");
  assert.deepEqual(log, ["close", ["ask", "/", "/rooms/a/"]]);
});

test("a notification without an address opens the list of rooms", async () => {
  const { log, click } = startWorker();
  await click(undefined);
  assert.deepEqual(log, ["close", ["openWindow", `${ORIGIN}/`]]);
});
