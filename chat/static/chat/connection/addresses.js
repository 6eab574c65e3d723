// @ts-check
// The addresses of this site's websockets.

/**
 * Returns the full address of a websocket path on the page's own host.
 * @param {string} path
 */
export function socketUrl(path) {
  const { protocol, host } = globalThis.location;
  return `${protocol === "https:" ? "wss:" : "ws:"}//${host}${path}`;
}
