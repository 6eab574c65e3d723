// @ts-check
// Knows whether the person uses this page now. Must not tell anybody: me-socket.js does.

import { isPageFocused } from "../ui/page-title.js";

// A person without any input for this time may have left the page open and gone away.
export const ACTIVE_FOR_MS = 60_000;
const INPUTS = ["pointerdown", "pointermove", "keydown", "wheel", "scroll"];

/**
 * Starts to watch the person's input. Returns a function that says whether the person looks at the page and has used it
 * recently.
 * @param {() => number} [now] milliseconds since 1970
 */
export function watchActivity(now = Date.now) {
  let usedAt = now();
  const note = () => { usedAt = now(); };
  for (const input of INPUTS) document.addEventListener(input, note, { passive: true, capture: true });
  return () => isPageFocused() && now() - usedAt < ACTIVE_FOR_MS;
}
