// @ts-check
// The messages that a person has bookmarked, as far as this page knows. Must not draw.

import { call } from "./api.js";
import { Emitter } from "./emitter.js";

/** @typedef {{ id: number, room: { slug: string, name: string }, message: import("./wire.js").Message, at: string }} Bookmark */

/** Emits `changed` when this page has added or removed a bookmark. */
class Bookmarks extends Emitter {
  /** @type {Set<string>} */
  #known = new Set();
  /** @type {Promise<void> | null} */
  #loading = null;

  /**
   * Returns whether the page knows a bookmark of this message. It knows the bookmarks that it has fetched or added.
   * @param {string} slug
   * @param {number} id
   */
  has(slug, id) {
    return this.#known.has(keyOf(slug, id));
  }

  /** Fetches the newest bookmarks, once. A failed fetch is repeated by the next call. */
  load() {
    this.#loading ??= this.fetch().then(() => undefined, () => { this.#loading = null; });
    return this.#loading;
  }

  /**
   * Fetches a page of bookmarks.
   * @param {number | null} [before] the id of a bookmark: only older ones
   * @returns {Promise<{ bookmarks: Bookmark[], more: boolean }>}
   */
  async fetch(before = null) {
    const page = await call("GET", before === null ? "/api/bookmarks/" : `/api/bookmarks/?before=${before}`);
    for (const { room, message } of page.bookmarks) this.#known.add(keyOf(room.slug, message.id));
    return page;
  }

  /**
   * Adds a bookmark, or removes it. Throws an ApiError for a refusal.
   * @param {string} slug
   * @param {number} id
   * @param {boolean} on
   */
  async set(slug, id, on) {
    await call(on ? "PUT" : "DELETE", `/api/bookmarks/${slug}/${id}/`);
    if (on) this.#known.add(keyOf(slug, id));
    else this.#known.delete(keyOf(slug, id));
    this.emit("changed", { slug, id, on });
  }
}

/**
 * @param {string} slug
 * @param {number} id
 */
function keyOf(slug, id) {
  return `${slug}/${id}`;
}

export const bookmarks = new Bookmarks();
