// @ts-check
// Starts the site's service worker, and shows and closes the browser's notifications with it. On Android, only a service
// worker can show notifications.
// Must not decide what is notified. chat/http/service_worker/service-worker.js handles the click on a notification.

import { onForgotten, pagePerson } from "./person-data.js";

const WORKER = "/service-worker.js";
const ICON = "/apple-touch-icon.png";
const SHOWN_MS = 20_000;

/** @typedef {{ title: string, body: string, address: string, tag: string, slug: string, isReply?: boolean }} Notice */
/** @typedef {{ address: string, slug: string, person: string, shownAt: number, isPush?: boolean, isReply?: boolean }} NoticeData */

/** Returns whether this browser can notify at all. Browsers notify only with HTTPS, or for a server on the same computer. */
export function canNotify() {
  // Locks choose the tab that notifies.
  return "Notification" in window && "locks" in navigator && canHaveWorker();
}

/** Returns whether the browser can have the service worker, and the site wants it. */
function canHaveWorker() {
  return "serviceWorker" in navigator && window.isSecureContext && document.body.dataset.worker !== "off";
}

/**
 * Returns the registration of the service worker, which also shows a page while there is no connection. Registers the
 * worker if it is not registered yet. Returns null if there can be none.
 * @returns {Promise<ServiceWorkerRegistration | null>}
 */
export async function registerWorker() {
  if (!canHaveWorker() || !pagePerson) return null;
  try {
    await navigator.serviceWorker.register(WORKER);
    return await navigator.serviceWorker.ready;
  } catch {
    // The browser allows no service workers here, or the server cannot be reached.
    return null;
  }
}

/**
 * Starts the service worker if this browser can notify. Closes the notifications of other people, and those that no page has
 * closed in time. Calls `open` with the address of a notification that the person chooses.
 * @param {(address: string) => void} open
 */
export async function startNotifications(open) {
  if (!canNotify()) return;
  navigator.serviceWorker.addEventListener("message", ({ data, ports }) => {
    if (typeof data?.address !== "string") return;
    // If the page does not answer, the worker loads the address in this tab.
    ports[0]?.postMessage(true);
    open(data.address);
  });
  // The person left the page that would have closed an overdue notification. A push stays, because the person was away.
  const isOverdue = (/** @type {NoticeData} */ { shownAt, isPush }) => !isPush && !hasOnlyTouch() && Date.now() - shownAt >= SHOWN_MS;
  if (await registerWorker()) await closeNotifications((data) => data.person !== pagePerson || isOverdue(data));
}

/**
 * Shows a notification for 20 seconds. On a phone it stays until the person opens it or reads the room, because people
 * do not always look at their phone.
 * @param {Notice} notice
 */
export async function showNotification({ title, body, address, tag, slug, isReply = false }) {
  const registration = Notification.permission === "granted" ? await registerWorker() : null;
  /** @type {NoticeData} */
  const data = { address, slug, person: pagePerson, shownAt: Date.now(), isReply };
  try {
    await registration?.showNotification(title, { body, tag, icon: ICON, silent: true, data });
  } catch {
    // The person has signed out, or has withdrawn the permission.
    return;
  }
  if (hasOnlyTouch()) return;
  // A newer notification with the same tag replaces this one, and has its own time.
  setTimeout(() => closeNotifications(({ shownAt }) => shownAt === data.shownAt, tag), SHOWN_MS);
}

/**
 * Closes the notifications for which `isOver` returns true.
 * @param {(data: NoticeData) => boolean} isOver
 * @param {string} [tag] only notifications with this tag
 */
export async function closeNotifications(isOver, tag) {
  const registration = await findRegistration();
  const shown = await registration?.getNotifications({ tag }).catch(() => []);
  for (const notification of shown ?? []) if (isOver(notification.data)) notification.close();
}

/** Closes all notifications and unregisters the service worker when the person signs out, and on pages where nobody is signed in. */
export function watchNotificationsEnd() {
  onForgotten(() => endNotifications());
  // The page may have been unloaded before the browser had finished the work of the sign-out.
  if (!pagePerson) endNotifications();
}

async function endNotifications() {
  const registration = await findRegistration();
  if (!registration) return;
  await closeNotifications(() => true);
  // This ends the pushes to this browser too.
  await registration.unregister().catch(() => false);
  for (const name of await caches.keys()) await caches.delete(name);
}

function findRegistration() {
  return navigator.serviceWorker?.getRegistration().catch(() => undefined);
}

function hasOnlyTouch() {
  return window.matchMedia("(hover: none) and (pointer: coarse)").matches;
}
