// @ts-check
// Shows and closes the browser's notifications with the site's service worker, the only way on Android.
// Must not decide what is notified. chat/http/site_root/service-worker.js handles the click on a notification.

import { onForgotten, pagePerson } from "./person-data.js";

const WORKER = "/service-worker.js";
const ICON = "/apple-touch-icon.png";
const SHOWN_MS = 20_000;

/** @typedef {{ title: string, body: string, address: string, tag: string, slug: string }} Notice */
/** @typedef {{ address: string, slug: string, person: string, shownAt: number }} NoticeData */

/** Returns whether this browser can notify at all. Browsers notify only with HTTPS, or for a server on the same computer. */
export function canNotify() {
  // Locks choose the tab that notifies.
  return "Notification" in window && "serviceWorker" in navigator && "locks" in navigator && window.isSecureContext;
}

/**
 * Returns the registration of the service worker. Registers the worker if the person allows notifications and it is not
 * registered yet. Returns null if there can be no notifications.
 * @returns {Promise<ServiceWorkerRegistration | null>}
 */
export async function registerWorker() {
  if (!canNotify() || Notification.permission !== "granted") return null;
  try {
    await navigator.serviceWorker.register(WORKER);
    return await navigator.serviceWorker.ready;
  } catch {
    // The browser allows no service workers here, or the server cannot be reached.
    return null;
  }
}

/**
 * Starts the service worker if notifications are on, and closes the notifications of other people. Calls `open` with the
 * address of a notification that the person chooses.
 * @param {(address: string) => void} open
 */
export async function startNotifications(open) {
  if (!canNotify()) return;
  navigator.serviceWorker.addEventListener("message", ({ data, ports }) => {
    if (typeof data?.address !== "string") return;
    // Without this answer, the worker loads the address.
    ports[0]?.postMessage(true);
    open(data.address);
  });
  if (await registerWorker()) await closeNotifications(({ person }) => person !== pagePerson);
}

/**
 * Shows a notification for 20 seconds. On a phone it stays until the person opens it or reads the room, because people
 * do not always look at their phone.
 * @param {Notice} notice
 */
export async function showNotification({ title, body, address, tag, slug }) {
  const registration = await registerWorker();
  /** @type {NoticeData} */
  const data = { address, slug, person: pagePerson, shownAt: Date.now() };
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

/** Ends all notifications and the service worker when the person signs out, and on pages where nobody is signed in. */
export function watchNotificationsEnd() {
  onForgotten(() => endNotifications());
  // The page may have been unloaded before the browser had finished the work of the sign-out.
  if (!pagePerson) endNotifications();
}

async function endNotifications() {
  const registration = await findRegistration();
  if (!registration) return;
  await closeNotifications(() => true);
  await registration.unregister().catch(() => false);
}

function findRegistration() {
  return navigator.serviceWorker?.getRegistration().catch(() => undefined);
}

function hasOnlyTouch() {
  return window.matchMedia("(hover: none) and (pointer: coarse)").matches;
}
