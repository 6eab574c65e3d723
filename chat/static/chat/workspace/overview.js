// @ts-check
// Shows the person's rooms in the list, and the number of unread messages in the page's title and icon. Stores the rooms for
// the next visit.
// Must not know how the rooms change.

import { Draft } from "../room/draft.js";
import { Badges } from "./badges.js";
import { countOf } from "./places.js";
import { Sidebar } from "./sidebar.js";

const KEPT_PLACES = "chat.places";
const SAVE_AFTER_MS = 1_000;
const DRAW_PAUSE_MS = 100;

/** @typedef {import("./places.js").Places} Places */

export class Overview {
  /** @type {Places} */
  #places;
  /** @type {import("../connection/storage.js").PersonStorage} */
  #storage;
  #badges = new Badges();
  /**
   * What is unread in the room on the page, as that room itself has counted; null until the room has counted.
   * @type {{ unread: number, isMore: boolean } | null}
   */
  #here = null;
  /** @type {string | null} */
  #slug = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #drawTimer;
  #isOutdated = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #saveTimer;

  /**
   * @param {Places} places
   * @param {import("../connection/storage.js").PersonStorage} storage the person's own
   * @param {Pick<import("./sidebar.js").Actions, "openMenu" | "titleOf" | "me">} actions
   */
  constructor(places, storage, actions) {
    this.#places = places;
    this.#storage = storage;
    this.sidebar = new Sidebar({ ...actions, hasDraft: (slug) => new Draft(storage, slug).load().text !== "" });
  }

  /** Shows the rooms of the last visit, until the server has sent the current ones. */
  load() {
    try {
      const places = JSON.parse(this.#storage.getItem(KEPT_PLACES) ?? "[]");
      if (Array.isArray(places)) this.#places.replace(places);
    } catch {
      // The server sends the rooms soon.
    }
  }

  /**
   * Marks another pane as the current one.
   * @param {import("./panes.js").Pane} pane
   */
  setPane(pane) {
    this.#here = null;
    this.#slug = pane.slug;
    this.#places.setOpen(null);
    this.sidebar.setCurrent(pane.path);
    this.draw();
  }

  /**
   * Sets the number of unread messages that the room on the page has counted itself.
   * @param {string} slug
   * @param {import("../room/read-marker.js").Unread} unread
   */
  setUnread(slug, { count, isMore }) {
    if (slug !== this.#slug || (count === this.#here?.unread && isMore === this.#here.isMore)) return;
    this.#here = { unread: count, isMore };
    this.#places.setOpen({ slug, unread: count });
    this.draw();
  }

  /** Draws now, or soon if it drew less than 0.1 s ago: many rooms may change at the same moment. */
  draw() {
    this.#isOutdated = this.#drawTimer !== undefined;
    if (this.#isOutdated) return;
    this.#drawNow();
    this.#drawTimer = setTimeout(() => {
      this.#drawTimer = undefined;
      if (this.#isOutdated) this.draw();
    }, DRAW_PAUSE_MS);
  }

  #drawNow() {
    this.sidebar.draw(this.#places);
    const place = this.#slug === null ? undefined : this.#places.get(this.#slug);
    const { unread, mentions } = this.#places.totals;
    const { unread: counted, isMore } = this.#here ?? { unread: 0, isMore: false };
    // Count the room on the page even if the stream has not listed it: the stream may not be connected yet.
    const unreadHere = place ? countOf(place) : counted;
    this.#badges.show({ unread: place ? unread : unread + unreadHere, mentions }, { here: unreadHere, isMore });
    clearTimeout(this.#saveTimer);
    this.#saveTimer = setTimeout(() => this.#save(), SAVE_AFTER_MS);
  }

  #save() {
    this.#storage.setItem(KEPT_PLACES, JSON.stringify(this.#places.all));
  }
}
