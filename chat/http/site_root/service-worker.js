// @ts-check
// The service worker of the site: when a person chooses a notification, it opens the room of the message.
// It must not answer requests or keep files. chat/static/chat/ui/notification-worker.js shows the notifications.

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
// A tab that the browser has frozen needs some time before it answers.
const ANSWER_MS = 3_000;
const PANE_PATH = /^\/(?:rooms\/[^/]+\/)?$/;

// A new version keeps nothing that the pages of the old version need. So it replaces the old version at once.
worker.addEventListener("install", () => worker.skipWaiting());
// A worker can load another address only in the tabs that it controls.
worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(openAddress(event.notification.data?.address ?? "/"));
});

/**
 * Opens an address of the site in an open tab. If there is no fitting tab, opens a new one.
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
 * or a board, keep their page: the person may be in the middle of something there.
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
