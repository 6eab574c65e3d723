// @ts-check
// Detects that a person returns to the page or the network returns. Must not know what the page then does.

/**
 * Calls `callback` when the network returns, the page becomes visible, or the page leaves the back/forward cache.
 * @param {() => void} callback
 * @param {AbortSignal} [signal] ends the calls
 */
export function onReturn(callback, signal) {
  window.addEventListener("online", callback, { signal });
  window.addEventListener("pageshow", (event) => event.persisted && callback(), { signal });
  document.addEventListener("visibilitychange", () => document.hidden || callback(), { signal });
}
