// @ts-check
// Takes from the page what the server has written into it: the room's newest messages, and what the person has read.
// Must not draw: message-flow.js does.

/**
 * Returns the first view of a room, and removes it from the page. Returns null for a page without it, such as a board.
 * @param {HTMLElement} page the room's element
 * @returns {import("../connection/room-socket.js").FirstView | null}
 */
export function takeFirstView(page) {
  const template = page.querySelector("template#first-view");
  if (!(template instanceof HTMLTemplateElement)) return null;
  template.remove();
  return JSON.parse(template.content.textContent ?? "null");
}
