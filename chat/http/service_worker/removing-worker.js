// @ts-check
// The service worker of a site with CHAT_SERVICE_WORKER=off. It removes itself, its caches and its notifications.
// At the next visit, a browser loads it in the place of the earlier worker.

const removed = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

removed.addEventListener("install", () => removed.skipWaiting());
removed.addEventListener("activate", (event) => event.waitUntil(removeAll()));

async function removeAll() {
  const names = await caches.keys().catch(() => []);
  await Promise.all(names.map((name) => caches.delete(name)));
  const shown = await removed.registration.getNotifications().catch(() => []);
  for (const notification of shown) notification.close();
  await removed.registration.unregister();
}
