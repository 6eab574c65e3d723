// @ts-check
// The views of the panel that list messages: pins of the room, own bookmarks, own mentions. Must not change a message.

import { asApiError, call } from "../connection/api.js";
import { bookmarks } from "../connection/bookmarks.js";
import { make } from "../ui/dom.js";
import { describeFiles } from "../ui/files.js";
import { personName } from "../ui/format.js";
import { icon } from "../ui/pictures.js";
import { gettext } from "../ui/translation.js";
import { noteOfReply, Results } from "./results.js";

/** @typedef {import("./panel.js").Host} Host */

/**
 * @param {{ slug: string, name: string }} room
 * @param {import("../connection/wire.js").Message} message
 * @returns {import("./results.js").Result}
 */
function asResult(room, { id, author, at, body, files = [], thread }) {
  const text = body || describeFiles(files);
  return { slug: room.slug, roomName: room.name, id, author, at, text, note: noteOfReply({ id, thread }) };
}

/**
 * @param {import("../connection/wire.js").Message} message
 * @param {import("../connection/wire.js").PersonName | null} by
 */
function noteOf(message, by) {
  const pinned = by ? gettext("Pinned by %(person)s", { person: personName(by) }) : gettext("Pinned");
  return [pinned, noteOfReply(message)].filter(Boolean).join(" · ");
}

/** The pinned messages of the room on the page. The list loads again when a message is pinned or unpinned. */
export class PinsView {
  /** @type {Host} */
  #host;
  #results;
  #slug = "";
  /** @type {Set<number>} */
  #pinned = new Set();
  #watching = new AbortController();

  /** @param {Host} host */
  constructor(host) {
    this.#host = host;
    this.#results = new Results(() => this.#fetch(), {
      label: gettext("Pinned messages"), empty: gettext("Nothing is pinned here. Moderators choose “Pin for everybody” among the actions of a message."),
    });
    this.element = make("div", { class: "panel-view" }, this.#results.element);
  }

  show() {
    this.roomChanged();
  }

  hide() {
    this.#watching.abort();
  }

  roomChanged() {
    this.#watching.abort();
    this.#watching = new AbortController();
    const room = this.#host.room();
    if (!room) {
      this.#slug = "";
      this.#results.clear(gettext("Open a room to see what is pinned there."));
      return;
    }
    if (room.slug !== this.#slug) this.#results.clear("");
    this.#slug = room.slug;
    this.#results.load();
    const { signal } = this.#watching;
    room.timeline.addEventListener("drawn", (event) => this.#noted(/** @type {CustomEvent} */ (event).detail.messages), { signal });
    // The timeline draws no replies.
    room.threads.addEventListener("noted", (event) => this.#noted([/** @type {CustomEvent} */ (event).detail.message]), { signal });
  }

  /** @param {import("../connection/wire.js").Message[]} messages */
  #noted(messages) {
    if (messages.some(({ id, pinned }) => this.#pinned.has(id) !== Boolean(pinned))) this.#results.load();
  }

  async #fetch() {
    const room = this.#host.room();
    if (!room) return { results: [], next: null };
    const { pins } = await call("GET", `/api/rooms/${room.slug}/pins/`);
    this.#pinned = new Set(pins.map((/** @type {any} */ { message }) => message.id));
    const results = pins.map((/** @type {any} */ { message, by }) => ({ ...asResult(room, message), note: noteOf(message, by) }));
    return { results, next: null };
  }
}

/** The person's own bookmarks. */
export class BookmarksView {
  /** @type {Host} */
  #host;
  #results;
  #isShown = false;

  /** @param {Host} host */
  constructor(host) {
    this.#host = host;
    this.#results = new Results((before) => this.#fetch(before), {
      label: gettext("Bookmarks"), empty: gettext("You have no bookmarks. Only you see the messages that you bookmark."),
    });
    this.element = make("div", { class: "panel-view" }, this.#results.element);
    bookmarks.addEventListener("changed", () => this.#isShown && this.#results.load());
  }

  show() {
    this.#isShown = true;
    this.#results.load();
  }

  hide() {
    this.#isShown = false;
  }

  roomChanged() {
    // The list is the same in every room.
  }

  /** @param {number | null} before */
  async #fetch(before) {
    const page = await bookmarks.fetch(before);
    const results = page.bookmarks.map(({ room, message }) => ({ ...asResult(room, message), tool: this.#makeTool(room.slug, message.id) }));
    return { results, next: page.more ? (page.bookmarks.at(-1)?.id ?? null) : null };
  }

  /**
   * @param {string} slug
   * @param {number} id
   */
  #makeTool(slug, id) {
    const remove = async () => {
      try {
        await bookmarks.set(slug, id, false);
        /** @type {HTMLElement | null} */ (this.element.closest("[role=tabpanel]"))?.focus();
      } catch (error) {
        this.#host.notify(asApiError(error).message);
      }
    };
    return make(
      "button", { type: "button", class: "icon-button", "data-action": "unbookmark", "aria-label": gettext("Remove bookmark"), title: gettext("Remove bookmark"), onclick: remove },
      icon("remove"),
    );
  }
}

/** The messages that mention the person, from all rooms. */
export class MentionsView {
  /** @type {Host} */
  #host;
  #results;

  /** @param {Host} host */
  constructor(host) {
    this.#host = host;
    this.#results = new Results((next) => this.#fetch(next), {
      label: gettext("Mentions"), empty: gettext("Nobody has mentioned you yet. Messages with an @ and your name are listed here."),
    });
    this.element = make("div", { class: "panel-view" }, this.#results.element);
  }

  show() {
    this.#results.load();
  }

  hide() {
    // Nothing runs while the list is not shown.
  }

  roomChanged() {
    // The list is the same in every room.
  }

  /** @param {string | number | null} next */
  async #fetch(next) {
    const page = await call("GET", next === null ? "/api/mentions/" : `/api/mentions/?before=${encodeURIComponent(next)}`);
    const results = page.mentions.map((/** @type {any} */ { room, id, author, text, at, thread }) => {
      const slug = room.slug ?? room;
      return { slug, roomName: room.name ?? this.#host.nameOf(slug), id, author, at, text, note: thread === undefined ? undefined : gettext("In a thread") };
    });
    return { results, next: page.more ? page.next : null };
  }
}
