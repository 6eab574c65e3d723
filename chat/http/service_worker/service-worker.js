// @ts-check
// The service worker of the site. It shows pushes, opens the room of a notification that the person clicks, and shows a
// page while the server cannot be reached. chat/static/chat/ui/notification-worker.js shows the notifications of open pages.
//
// Pages and responses of the API always come from the server, never from the cache. The cache holds only the files with the
// version of this worker in their address, and the page `/offline/`, which contains no personal data. Each version of the
// site has its own worker, which replaces the worker of the earlier version: chat/http/installed_app.py puts the
// version before the code.

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
/**
 * `files` is the prefix of the addresses of the files that this worker caches. With DEBUG, or if the static files are
 * on another site, `files` is "", and the worker caches nothing.
 * @type {{ version: string, files: string, offline: string, needed: string[] }}
 */
const shell = /** @type {any} */ (self).SHELL;
const CACHE = `chat-${shell.version}`;
const ICON = "/apple-touch-icon.png";
// A tab that the browser has frozen needs some time before it answers.
const ANSWER_MS = 3_000;
const PANE_PATH = /^\/(?:rooms\/[^/]+\/)?$/;

// Pages of the old version do not need their worker: they get their files from the server. So a new worker replaces the old
// one at once.
worker.addEventListener("install", (event) => {
  worker.skipWaiting();
  // Without the page /offline/, the worker still shows notifications.
  event.waitUntil(keepShell().catch(() => undefined));
});
// A worker can load another address only in the tabs that it controls.
worker.addEventListener("activate", (event) => event.waitUntil(Promise.all([
  worker.clients.claim(), dropOtherVersions(), shell.files && worker.registration.navigationPreload?.enable(),
])));
worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== worker.location.origin || shell.files === "") return;
  // The download of a file from the API is a navigation too, but its response is not a page.
  if (request.mode === "navigate" && !pathname.startsWith("/api/")) event.respondWith(openPage(event));
  else if (pathname.startsWith(shell.files)) event.respondWith(openFile(request));
});
worker.addEventListener("push", (event) => event.waitUntil(showPush(event.data)));
worker.addEventListener("pushsubscriptionchange", (event) => {
  /** @type {ExtendableEvent} */ (event).waitUntil(subscribeAgain());
});
worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(openAddress(event.notification.data?.address ?? "/"));
});

// The shell.

async function keepShell() {
  if (shell.files === "") return;
  await Promise.all(shell.needed.map((file) => openFile(new Request(file))));
  const page = await fetch(new Request(shell.offline, { cache: "reload" }));
  if (page.status === 200) await (await caches.open(CACHE)).put(shell.offline, page);
}

async function dropOtherVersions() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("chat-") && name !== CACHE).map((name) => caches.delete(name)));
}

/**
 * Returns a page from the server. If the server cannot be reached, returns the page that says so.
 * @param {FetchEvent} event
 * @returns {Promise<Response>}
 */
async function openPage(event) {
  try {
    return (await event.preloadResponse) ?? (await fetch(event.request));
  } catch (error) {
    const page = await findKept(shell.offline);
    if (page) return page;
    throw error;
  }
}

/**
 * Returns a file of this version from the cache, or else from the server.
 * @param {Request} request
 * @returns {Promise<Response>}
 */
async function openFile(request) {
  const kept = await findKept(request);
  if (kept) return kept;
  const response = await fetch(request);
  if (response.status === 200 && isOfThisVersion(response)) {
    const copy = response.clone();
    // The storage may be full, or the person may not allow it.
    caches.open(CACHE).then((cache) => cache.put(request, copy)).catch(() => undefined);
  }
  return response;
}

/**
 * Returns whether the response contains the file of this version. During a deploy, a server of another version sends
 * its own file instead, without `immutable`.
 * @param {Response} response
 */
function isOfThisVersion({ headers }) {
  return headers.get("Cache-Control")?.includes("immutable") ?? false;
}

/** @param {RequestInfo} request */
async function findKept(request) {
  return caches.match(request, { cacheName: CACHE, ignoreVary: true }).catch(() => undefined);
}

// Pushes.

/**
 * Shows the notification of a push. The notification replaces the earlier ones of the same room, because its text also
 * counts their messages. Browsers demand a notification for every push.
 * @param {PushMessageData | null} data
 */
async function showPush(data) {
  const { title = "Chat", body = "", address = "/", slug = "", tag = "push", person = "", reply = false } = readPush(data);
  const shown = await worker.registration.getNotifications().catch(() => []);
  for (const notification of shown) if (slug && notification.data?.slug === slug) notification.close();
  await worker.registration.showNotification(title, {
    body, tag, icon: ICON, badge: ICON, data: { address, slug, person, shownAt: Date.now(), isPush: true, isReply: reply },
  });
}

/** @param {PushMessageData | null} data */
function readPush(data) {
  try {
    const content = data?.json();
    return typeof content?.title === "string" ? content : {};
  } catch {
    return {};
  }
}

/** Subscribes again after the push service has ended the subscription, and tells the server the new address. */
async function subscribeAgain() {
  const { key } = await (await fetch("/api/push/")).json();
  if (typeof key !== "string") return;
  const subscription = await worker.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const { csrf } = await (await fetch("/api/session/")).json();
  await fetch("/api/push/", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrf },
    body: JSON.stringify(subscription.toJSON()),
  });
}

// Notifications that the person clicks.

/**
 * Opens an address of the site in the tab that `findTab` returns. If there is none, opens a new tab.
 * @param {string} address
 */
async function openAddress(address) {
  const url = new URL(address, worker.location.origin);
  const tab = await findTab(url);
  if (!tab) {
    await worker.clients.openWindow(url.href);
    return;
  }
  // The browser may refuse to change the focus. The tab then still opens the address.
  const focused = await tab.focus().catch(() => tab);
  if (!isPane(tab) || (await askToOpen(focused, url))) return;
  await focused.navigate(url.href).catch(() => worker.clients.openWindow(url.href));
}

/**
 * Returns the tab that shows this address, or the last used tab with rooms, or undefined. Other tabs, such as the settings
 * or a board, keep their page, because the person may have unsaved input there.
 * @param {URL} url
 */
async function findTab(url) {
  const tabs = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  return tabs.find((tab) => pathOf(tab) === url.pathname) ?? tabs.find(isPane);
}

/** @param {WindowClient} tab */
function pathOf(tab) {
  return new URL(tab.url).pathname;
}

/** @param {WindowClient} tab */
function isPane(tab) {
  return PANE_PATH.test(pathOf(tab));
}

/**
 * Asks the page of a tab to open an address without a reload. Returns whether the page has answered.
 * @param {WindowClient} tab
 * @param {URL} url
 * @returns {Promise<boolean>}
 */
function askToOpen(tab, url) {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const timer = setTimeout(() => resolve(false), ANSWER_MS);
    port1.onmessage = () => {
      clearTimeout(timer);
      resolve(true);
    };
    tab.postMessage({ address: url.pathname + url.hash }, [port2]);
  });
}
