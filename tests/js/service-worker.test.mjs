// Tests of the service worker: which tab opens the message of a notification, what it keeps, what it answers without a
// connection, and how it shows pushes. The worker runs in a scope of the test.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import vm from "node:vm";

import { settle } from "./fakes.mjs";

const SOURCE = readFileSync(new URL("../../chat/http/service_worker/service-worker.js", import.meta.url), "utf8");
const REMOVING = readFileSync(new URL("../../chat/http/service_worker/removing-worker.js", import.meta.url), "utf8");
const ORIGIN = "https://chat.example";
const SHELL = {
  version: "0123456789ab-en", files: "/static/0123456789ab/", offline: "/offline/", needed: ["/static/0123456789ab/chat/chat.css"],
};

/** The caches of a browser: { name: Map of path: response }. */
class Caches {
  stored = new Map();

  async open(name) {
    if (!this.stored.has(name)) this.stored.set(name, new Map());
    const files = this.stored.get(name);
    return {
      put: async (request, response) => { files.set(pathOf(request), response); },
    };
  }

  async match(request, { cacheName }) {
    return this.stored.get(cacheName)?.get(pathOf(request));
  }

  async keys() {
    return [...this.stored.keys()];
  }

  async delete(name) {
    return this.stored.delete(name);
  }
}

function pathOf(request) {
  return new URL(request.url ?? request, ORIGIN).pathname;
}

function makeResponse(text, { status = 200, control = "max-age=1, immutable" } = {}) {
  const response = { text, status, headers: new Map([["Cache-Control", control]]), clone: () => response };
  return response;
}

/** Starts the worker with tabs at these paths. `log` records what the worker does. */
function startWorker(...tabs) {
  const log = [];
  const listeners = {};
  const timers = [];
  const caches = new Caches();
  const shown = [];
  const network = { isDown: false, asked: [] };
  const fetch = async (request, options) => {
    network.asked.push([pathOf(request), options?.method ?? "GET"]);
    if (network.isDown) throw new TypeError("Failed to fetch");
    return network.answer?.(request, options) ?? makeResponse(`fresh ${pathOf(request)}`);
  };
  class Request {
    constructor(url) { this.url = new URL(url, ORIGIN).href; }
  }
  const registration = {
    getNotifications: async () => [...shown],
    async showNotification(title, options) {
      const notification = { title, ...options, close: () => shown.splice(shown.indexOf(notification), 1) };
      shown.push(notification);
    },
    unregister: async () => log.push("unregister"),
    pushManager: { subscribe: async (options) => ({ toJSON: () => ({ endpoint: "new", key: options.applicationServerKey }) }) },
  };
  const scope = {
    SHELL: startWorker.shell ?? SHELL,
    registration,
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
  const clearTimeout = () => timers.pop();
  const globals = { self: scope, URL, Request, Date, MessageChannel, setTimeout, clearTimeout, caches, fetch };
  vm.runInNewContext(startWorker.source ?? SOURCE, globals);
  for (const tab of tabs) tab.log = log;
  const click = async (address) => {
    const waiting = [];
    const notification = { data: address && { address }, close: () => log.push("close") };
    listeners.notificationclick({ notification, waitUntil: (promise) => waiting.push(promise) });
    for (let turn = 0; turn < 5; turn += 1) await settle();
    while (timers.length > 0) timers.pop()();
    await Promise.all(waiting);
  };
  /** Sends an event to the worker, and waits until its work is done. */
  const send = async (type, fields = {}) => {
    const waiting = [];
    listeners[type]({ ...fields, waitUntil: (promise) => waiting.push(promise) });
    await Promise.all(waiting);
  };
  /** Returns what the worker answers to a request, or undefined if the request goes to the network as usual. */
  const ask = async (path, fields = {}) => {
    let answer;
    const request = { url: ORIGIN + path, method: "GET", mode: "cors", ...fields };
    listeners.fetch({ request, respondWith: (promise) => { answer = promise; } });
    return (await answer)?.text;
  };
  return { log, listeners, click, send, ask, caches, shown, network };
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

test("the worker replaces its old version at once, and deletes the files of that version", async () => {
  const { log, listeners, send, caches } = startWorker();
  assert.deepEqual(Object.keys(listeners).sort(), [
    "activate", "fetch", "install", "notificationclick", "push", "pushsubscriptionchange",
  ]);
  await caches.open("chat-ffffffffffff-en");
  await caches.open("another");
  await send("install");
  await send("activate");
  assert.deepEqual(log, ["skipWaiting", "claim"]);
  assert.deepEqual(await caches.keys(), ["another", "chat-0123456789ab-en"]);
});

test("a page always comes from the server, and without a connection it is /offline/", async () => {
  const { send, ask, network, caches } = startWorker();
  await send("install");
  for (const path of ["/", "/rooms/a/", "/settings/"]) {
    assert.equal(await ask(path, { mode: "navigate" }), `fresh ${path}`);
  }
  network.isDown = true;
  assert.equal(await ask("/rooms/a/", { mode: "navigate" }), "fresh /offline/");
  assert.deepEqual([...caches.stored.get("chat-0123456789ab-en").keys()].sort(), ["/offline/", "/static/0123456789ab/chat/chat.css"]);
});

test("without /offline/, a page that cannot be loaded is an error of the browser", async () => {
  const { ask, network } = startWorker();
  network.isDown = true;
  await assert.rejects(ask("/", { mode: "navigate" }), { name: "TypeError" });
});

test("only files of this version are kept, and only complete responses", async () => {
  const { ask, network, caches } = startWorker();
  const file = "/static/0123456789ab/chat/bundles/page.js";
  assert.equal(await ask(file), `fresh ${file}`);
  network.isDown = true;
  assert.equal(await ask(file), `fresh ${file}`);
  assert.deepEqual(network.asked.length, 1);
  network.isDown = false;
  network.answer = () => makeResponse("missing", { status: 404 });
  assert.equal(await ask("/static/0123456789ab/chat/no.js"), "missing");
  // A server of another version answers with its own file during a deploy.
  network.answer = () => makeResponse("of another version", { control: "no-cache" });
  assert.equal(await ask("/static/0123456789ab/chat/other.js"), "of another version");
  assert.equal([...caches.stored.values()].flatMap((files) => [...files.keys()]).length, 1);
});

test("the worker answers no other request", async () => {
  const { ask, network } = startWorker();
  for (const path of ["/api/workspace/", "/static/ffffffffffff/chat/page.js", "/static/chat/page.js", "/pictures/abc/", "/healthz"]) {
    assert.equal(await ask(path), undefined);
  }
  assert.equal(await ask("/rooms/a/", { mode: "navigate", method: "POST" }), undefined);
  assert.equal(await ask("/api/profile/data/", { mode: "navigate" }), undefined);
  assert.deepEqual(network.asked, []);
});

test("while the files may change, the worker keeps nothing and answers nothing", async (context) => {
  startWorker.shell = { ...SHELL, files: "", needed: [] };
  context.after(() => { startWorker.shell = undefined; });
  const { send, ask, caches } = startWorker();
  await send("install");
  assert.equal(await ask("/", { mode: "navigate" }), undefined);
  assert.deepEqual(await caches.keys(), []);
});

test("a push is shown in the place of the earlier notifications of its room", async () => {
  const { send, shown } = startWorker();
  const push = (content) => send("push", { data: { json: () => content } });
  await push({ title: "Alice", body: "one", slug: "a", tag: "a 1", address: "/rooms/a/#message-1", person: "bob" });
  await push({ title: "Alice", body: "other", slug: "b", tag: "b 1", address: "/rooms/b/", person: "bob" });
  await push({ title: "The garden", body: "2 new messages", slug: "a", tag: "a 2", address: "/rooms/a/#message-2", person: "bob", reply: true });
  assert.deepEqual(shown.map(({ title, body, tag }) => [title, body, tag]), [
    ["Alice", "other", "b 1"], ["The garden", "2 new messages", "a 2"],
  ]);
  const { address, slug, person, isPush, isReply } = shown[1].data;
  assert.deepEqual([address, slug, person, isPush, isReply], ["/rooms/a/#message-2", "a", "bob", true, true]);
});

test("a push without readable content still shows something", async () => {
  const { send, shown } = startWorker();
  await send("push", { data: null });
  await send("push", { data: { json: () => { throw new SyntaxError("no JSON"); } } });
  assert.deepEqual(shown.map(({ title, tag }) => [title, tag]), [["Chat", "push"], ["Chat", "push"]]);
});

test("a subscription that the push service has ended is made again", async () => {
  const { send, network } = startWorker();
  const answers = { "/api/push/": { key: "public" }, "/api/session/": { csrf: "token" } };
  const bodies = [];
  network.answer = (request, options) => {
    if (options?.method === "POST") bodies.push([JSON.parse(options.body), options.headers["X-CSRFToken"]]);
    return { json: async () => answers[pathOf(request)] };
  };
  await send("pushsubscriptionchange");
  assert.deepEqual(bodies, [[{ endpoint: "new", key: "public" }, "token"]]);
});

test("the worker of a site that has switched the service worker off removes itself, its caches and its notifications", async (context) => {
  startWorker.source = REMOVING;
  context.after(() => { startWorker.source = undefined; });
  const { log, send, caches, shown } = startWorker();
  await caches.open("chat-0123456789ab-en");
  shown.push({ close: () => shown.pop() });
  await send("install");
  await send("activate");
  assert.deepEqual([log, await caches.keys(), shown], [["skipWaiting", "unregister"], [], []]);
});

test("a click opens the message in the tab that shows the room", async () => {
  const { log, click } = startWorker(makeTab("/settings/"), makeTab("/rooms/b/"), makeTab("/rooms/a/"));
  await click("/rooms/a/#message-5");
  assert.deepEqual(log, ["close", ["focus", "/rooms/a/"], ["ask", "/rooms/a/", "/rooms/a/#message-5"]]);
});

test("without a tab that shows the room, a click opens the message in the last used tab with rooms", async () => {
  for (const path of ["/", "/rooms/b/"]) {
    const { log, click } = startWorker(makeTab("/settings/"), makeTab(path), makeTab("/rooms/c/"));
    await click("/rooms/a/#message-5");
    assert.deepEqual(log, ["close", ["focus", path], ["ask", path, "/rooms/a/#message-5"]]);
  }
});

test("without a tab with rooms, a click opens a window, and other tabs keep their page", async () => {
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
