// @ts-check
// Tells the parts of a page that time has passed: every minute, at midnight, and when the person or the network returns.
// Must not know what depends on the time, except for the times in words, which every page has.

import { TIME_WORDS } from "./format.js";
import { onReturn } from "./page-return.js";

const MINUTE_MS = 60_000;
/** @type {Set<() => void>} */
const listeners = new Set();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/**
 * Calls `callback` every minute, at midnight, and when the person returns to the page or the network returns.
 * @param {() => void} callback
 * @param {AbortSignal} [signal] ends the calls
 */
export function onClock(callback, signal) {
  if (signal?.aborted) return;
  listeners.add(callback);
  signal?.addEventListener("abort", () => listeners.delete(callback), { once: true });
}

/** Starts the clock, and keeps the times in words current. page.js calls it once on every page. */
export function startClock() {
  onClock(renewTimes);
  onReturn(tick);
  tick();
}

/** Writes the text of each element with `data-words` again, such as "yesterday, 09:00" and "5 min. ago". */
function renewTimes() {
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-words]"))) {
    const words = TIME_WORDS[element.dataset.words ?? ""]?.(element.getAttribute("datetime") ?? element.dataset.at ?? "");
    // An unchanged text is not written: a screen reader would read it again.
    if (words !== undefined && words !== element.textContent) element.textContent = words;
  }
}

function tick() {
  clearTimeout(timer);
  const midnight = new Date().setHours(24, 0, 0, 0);
  timer = setTimeout(tick, Math.min(MINUTE_MS, midnight - Date.now() + 1));
  for (const listener of listeners) listener();
}
