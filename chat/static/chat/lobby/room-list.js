// @ts-check
// Draws the lobby's list of rooms. Must not know when it is drawn.

import { byId, make } from "../ui/dom.js";
import { plural } from "../ui/format.js";
import { icon } from "../ui/pictures.js";
import { timeInWords } from "../ui/times.js";

const list = byId("rooms");

/**
 * A room as the API lists it.
 * @typedef {object} Room
 * @property {string} slug
 * @property {string} name
 * @property {string} topic
 * @property {number} online
 * @property {string | null} last_at ISO 8601, UTC
 * @property {boolean} [private]
 */

/**
 * @param {{ rooms: Room[], more: boolean }} answer
 * @param {string} query what the person searched for, or ""
 */
export function drawRooms({ rooms, more }, query) {
  const focused = /** @type {HTMLElement | null | undefined} */ (document.activeElement?.closest("[data-slug]"))?.dataset.slug;
  list.replaceChildren(...rooms.map(makeItem));
  byId("more-rooms").hidden = !more;
  const noRooms = byId("no-rooms");
  noRooms.textContent = query ? "No room matches your search." : "There are no rooms yet.";
  noRooms.hidden = rooms.length > 0;
  if (!focused) return;
  const link = list.querySelector(`[data-slug="${CSS.escape(focused)}"] a`);
  if (link instanceof HTMLElement) link.focus();
}

/** @param {Room} room */
function makeItem({ slug, name, topic, online, last_at: lastAt, private: isPrivate }) {
  const facts = [
    online ? make("span", { class: "online", text: `${plural(online, "person", "people")} here` }) : null,
    lastAt ? timeInWords(lastAt, "ago") : null,
  ];
  return make(
    "li",
    { "data-slug": slug },
    make(
      "a",
      { href: `/rooms/${encodeURIComponent(slug)}/`, class: "room-card" },
      make("span", { class: "room-name" }, make("bdi", { text: name }), isPrivate && makeLock()),
      make("span", { class: "room-topic", dir: "auto", text: topic || "" }),
      make("span", { class: "room-facts" }, ...facts),
    ),
  );
}

function makeLock() {
  const picture = icon("lock");
  picture.classList.add("lock");
  picture.removeAttribute("aria-hidden");
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", "Private");
  return picture;
}
