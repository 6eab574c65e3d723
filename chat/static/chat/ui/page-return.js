// @ts-check
// Detects that a person returns to the page or the network returns. Must not know what the page then does.

/**
 * Calls `callback` when the network returns, the page becomes visible, or the page leaves the back/forward cache.
 * @param {() => void} callback
 */
export function onReturn(callback) {
  window.addEventListener("online", callback);
  window.addEventListener("pageshow", (event) => event.persisted && callback());
  document.addEventListener("visibilitychange", () => document.hidden || callback());
}
