// @ts-check
// Draws the lobby's list of rooms. Must not know when it is drawn.

import { byId, child, make } from "../ui/dom.js";
import { icon } from "../ui/pictures.js";
import { timeInWords } from "../ui/times.js";
import { gettext, ngettext } from "../ui/translation.js";

/**
 * A room as the API lists it.
 * @typedef {object} Room
 * @property {string} slug
 * @property {string} name
 * @property {string} topic
 * @property {number} online
 * @property {string | null} last_at ISO 8601, UTC
 * @property {number} [kept_days] after this many days, messages are deleted
 * @property {boolean} [private]
 */

/** @typedef {(room: { slug: string, name: string }) => Node | null} MakeTools makes the buttons beside a room, or null */

export class RoomList {
  #list = byId("rooms");
  #more = byId("more-rooms");
  #nothing = byId("no-rooms");
  /** @type {MakeTools} */
  #makeTools;
  /** @type {[answer: { rooms: Room[], more: boolean }, query: string] | null} */
  #drawn = null;

  /** @param {MakeTools} makeTools */
  constructor(makeTools) {
    this.#makeTools = makeTools;
    this.redraw();
  }

  /**
   * Draws the rooms in the place of the old ones. The same room keeps the keyboard's focus, if it is still in the list.
   * @param {{ rooms: Room[], more: boolean }} answer
   * @param {string} query what the person searched for, or ""
   */
  draw({ rooms, more }, query) {
    this.#drawn = [{ rooms, more }, query];
    const focused = document.activeElement;
    const slug = /** @type {HTMLElement | null | undefined} */ (focused?.closest("[data-slug]"))?.dataset.slug;
    const tag = this.#list.contains(focused) ? focused?.tagName.toLowerCase() : null;
    this.#list.replaceChildren(...rooms.map((room) => this.#makeItem(room)));
    this.#more.hidden = !more;
    this.#nothing.textContent = query ? gettext("No room matches your search.") : gettext("There are no rooms yet.");
    this.#nothing.hidden = rooms.length > 0;
    if (!slug || !tag) return;
    const item = this.#list.querySelector(`[data-slug="${CSS.escape(slug)}"]`);
    const same = item?.querySelector(tag) ?? item?.querySelector("a");
    if (same instanceof HTMLElement) same.focus();
  }

  /** Draws the same rooms again, because the buttons beside them may have changed. */
  redraw() {
    if (this.#drawn) this.draw(...this.#drawn);
    else for (const item of this.#list.children) this.#addTools(/** @type {HTMLElement} */ (item));
  }

  /**
   * Adds the buttons to an item that the server has drawn.
   * @param {HTMLElement} item
   */
  #addTools(item) {
    const name = child(item, "bdi").textContent ?? "";
    const link = child(item, "a");
    const tools = this.#makeTools({ slug: item.dataset.slug ?? "", name });
    item.replaceChildren(link, ...(tools ? [tools] : []));
  }

  /** @param {Room} room */
  #makeItem(room) {
    const { slug, name, topic, online, last_at: lastAt, private: isPrivate, kept_days: keptDays } = room;
    const facts = [
      online ? make("span", { class: "online", text: ngettext("%(count)s person here", "%(count)s people here", online) }) : null,
      lastAt ? timeInWords(lastAt, "ago") : null,
      keptDays ? make("span", { text: ngettext("kept for %(count)s day", "kept for %(count)s days", keptDays) }) : null,
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
      this.#makeTools(room),
    );
  }
}

function makeLock() {
  const picture = icon("lock");
  picture.classList.add("lock");
  picture.removeAttribute("aria-hidden");
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", gettext("Private"));
  return picture;
}
