// @ts-check
// Asks for pages of a room's history, each with one `fetch`.
// Must not receive the pages: room-socket.js does. Must not know the code that draws the messages.

const PAGE_SIZE = 50;
// Half of a page around a message is on each side of the message. So one page is enough for a jump. A newer page is a page
// around the newest loaded message, so half of it is new.
const LARGE_PAGE_SIZE = 100;

export class HistoryPages {
  /** @type {import("./loaded-messages.js").LoadedMessages} */
  #loaded;
  /** @type {import("./room-changes.js").RoomChanges} */
  #changes;

  /**
   * @param {import("./loaded-messages.js").LoadedMessages} loaded
   * @param {import("./room-changes.js").RoomChanges} changes
   */
  constructor(loaded, changes) {
    this.#loaded = loaded;
    this.#changes = changes;
  }

  /** Whether the newest messages are not loaded, because the person reads an older page. */
  get hasNewer() {
    return this.#loaded.hasNewer;
  }

  /** No message is missing up to this id; Infinity when the newest messages are loaded. */
  get completeTo() {
    return this.#loaded.completeTo;
  }

  /**
   * Returns whether an id is in the loaded range.
   * @param {number} id
   */
  covers(id) {
    return this.#loaded.covers(id);
  }

  /** Fetches the page before the oldest loaded message; returns null when there is none, or a fetch is under way. */
  fetchOlder(limit = PAGE_SIZE) {
    if (this.#changes.isFetching || !this.#loaded.hasOlder) return null;
    return this.#fetch({ before: this.#loaded.completeFrom, limit });
  }

  /** Fetches the page after the newest loaded message; returns null when there is none, or a fetch is under way. */
  fetchNewer(limit = LARGE_PAGE_SIZE) {
    if (this.#changes.isFetching || !this.#loaded.hasNewer) return null;
    return this.#fetch({ around: this.#loaded.completeTo, limit });
  }

  /**
   * Fetches the page around a message. It replaces a fetch that is under way.
   * @param {number} id
   */
  fetchAround(id, limit = LARGE_PAGE_SIZE) {
    this.#changes.dropFetches();
    return this.#fetch({ around: id, limit });
  }

  /** Fetches the newest messages. It replaces a fetch that is under way. */
  fetchNewest(limit = PAGE_SIZE) {
    this.#changes.dropFetches();
    return this.#fetch({ limit });
  }

  /** @param {Parameters<import("./room-changes.js").RoomChanges["fetch"]>[0]} page */
  #fetch(page) {
    this.#loaded.expectPage();
    return this.#changes.fetch(page);
  }
}
