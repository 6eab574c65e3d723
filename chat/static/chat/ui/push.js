// @ts-check
// Subscribes this browser to pushes, which reach the person while no page is open, and ends the subscription.
// Must not draw. The service worker shows the pushes.

import { call } from "../connection/api.js";
import { canNotify, registerWorker } from "./notification-worker.js";

/** @typedef {{ id: number, browser: string, text: boolean, created_at: string, sent_at: string | null, failing: boolean, own: boolean }} PushBrowser */

/** Returns whether this browser can receive pushes. An iPhone can only if the site is installed on its home screen. */
export function canReceivePushes() {
  return canNotify() && "PushManager" in window;
}

/** Returns whether this is an iPhone or iPad on which the site must be installed first. */
export function mustInstallFirst() {
  const isApplePhone = /iPhone|iPad|iPod/.test(navigator.userAgent) || (navigator.platform === "MacIntel" && navigator.maxTouchPoints > 1);
  return isApplePhone && !canReceivePushes();
}

/**
 * Returns the site's public key (null if it sends no pushes) and the browsers that receive pushes.
 * @returns {Promise<{ key: string | null, browsers: PushBrowser[] }>}
 */
export function loadPushBrowsers() {
  return call("GET", "/api/push/");
}

/**
 * Subscribes this browser, and tells the server. Throws if the browser or the server refuses it.
 * @param {string} key the site's public key
 * @param {boolean} [text] whether pushes contain the text of messages; without it, the earlier choice stays
 */
export async function subscribe(key, text) {
  const registration = await registerWorker();
  if (!registration) throw new Error("This browser has no service worker.");
  const old = await registration.pushManager.getSubscription();
  // The site may have got another key since the browser subscribed.
  if (old && keyOf(old) !== key) await old.unsubscribe();
  const subscription = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  await call("POST", "/api/push/", { ...subscription.toJSON(), time_zone: timeZone, text });
}

/** Ends the pushes to this browser. */
export async function unsubscribe() {
  await call("DELETE", "/api/push/");
  const registration = await registerWorker();
  await (await registration?.pushManager.getSubscription())?.unsubscribe();
}

/**
 * Renews the subscription of this browser if the site has another key, or does not know the subscription. Ends it if the site
 * sends no pushes. Does nothing if the person has not turned pushes on in this browser. A page calls this when it starts.
 */
export async function keepSubscribed() {
  if (!canReceivePushes() || Notification.permission !== "granted") return;
  try {
    const registration = await registerWorker();
    const subscription = await registration?.pushManager.getSubscription();
    if (!subscription) return;
    const { key, browsers } = await loadPushBrowsers();
    if (key === null) await subscription.unsubscribe();
    else if (keyOf(subscription) !== key || !browsers.some(({ own }) => own)) await subscribe(key);
  } catch {
    // The next page tries again.
  }
}

/**
 * Returns the public key of the site for which a subscription was made, in base64url.
 * @param {PushSubscription} subscription
 */
function keyOf({ options }) {
  const bytes = new Uint8Array(options.applicationServerKey ?? new ArrayBuffer(0));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
