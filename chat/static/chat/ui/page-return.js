// @ts-check
// Notices that a person is back. Must not know what the page then does.

/**
 * Calls back when the network returns, when the page becomes visible, and when it leaves the back/forward cache.
 * @param {() => void} callback
 */
export function onReturn(callback) {
  window.addEventListener("online", callback);
  window.addEventListener("pageshow", (event) => event.persisted && callback());
  document.addEventListener("visibilitychange", () => document.hidden || callback());
}
