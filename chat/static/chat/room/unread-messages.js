// @ts-check
// Counts what a person has not read: what the server counted when this page connected, and what the page has received.
// Must not know the page, scrolling or sockets.

// The server counts at most this many messages when a page connects.
const MOST_COUNTED = 1_000;

/** @typedef {import("../connection/wire.js").Message} Message */

export class UnreadMessages {
  /** @type {string} */
  #me;
  /** Messages up to this id are read. */
  #position = 0;
  /** The server counted up to this offset. */
  #countedTo = 0;
  /** How many unread messages up to `countedTo` this page has not received. */
  #unknown = 0;
  /** Whether the server stopped counting at its limit, so that there may be more unread messages. */
  #isCut = false;
  /**
   * The id of the first unread message when the server counted.
   * @type {number | null}
   */
  #firstCounted = null;
  /**
   * The ids of the received messages that are unread.
   * @type {Set<number>}
   */
  #known = new Set();

  /** @param {string} me the reader's handle */
  constructor(me) {
    this.#me = me;
  }

  get position() {
    return this.#position;
  }

  get count() {
    return this.#known.size + this.#unknown;
  }

  /** Whether there may be more unread messages than `count`. */
  get isMore() {
    return this.#isCut && this.#unknown > 0;
  }

  /** How many unread messages this page has not received. */
  get unknownCount() {
    return this.#unknown;
  }

  /** The id of the first unread message, or null. After another tab has read further, the id may be too low. */
  get firstId() {
    if (this.#unknown > 0) return Math.max(this.#firstCounted ?? 0, this.#position + 1);
    return this.firstAfter(this.#position);
  }

  /**
   * Returns the first received unread message after this id, or null.
   * @param {number} id
   */
  firstAfter(id) {
    let first = Infinity;
    for (const known of this.#known) if (known > id && known < first) first = known;
    return first === Infinity ? null : first;
  }

  /**
   * Returns how many received unread messages have an id below this one.
   * @param {number} id
   */
  countBefore(id) {
    let count = 0;
    for (const known of this.#known) if (known < id) count += 1;
    return count;
  }

  /**
   * Starts with what the server says in `joined`.
   * @param {object} news
   * @param {number} news.read
   * @param {number} news.offset
   * @param {number} [news.unread]
   * @param {number | null} [news.first_unread]
   */
  start({ read, offset, unread = 0, first_unread: first = null }) {
    this.#position = read;
    this.#countedTo = offset;
    this.#unknown = unread;
    this.#isCut = unread >= MOST_COUNTED;
    this.#firstCounted = first;
    this.#known.clear();
  }

  /**
   * Counts a received message, new or changed. The page may receive the same message more than once.
   * @param {Message} message
   */
  note({ id, author, removed }) {
    if (id <= this.#position) return;
    if (author.handle === this.#me || removed) {
      this.#known.delete(id);
    } else if (!this.#known.has(id)) {
      this.#known.add(id);
      // If the server stopped counting, at least one message stays unknown until everything is loaded or read.
      if (id <= this.#countedTo && this.#unknown > (this.#isCut ? 1 : 0)) this.#unknown -= 1;
    }
  }

  /**
   * Corrects the count, because the page has every message between two ids. A message may have been removed after the
   * server counted it.
   * @param {number} from
   * @param {number} to
   */
  loaded(from, to) {
    const first = this.firstId;
    if (first !== null && from <= first && to >= this.#countedTo) this.#unknown = 0;
  }

  /**
   * Marks everything up to this id as read. The position never moves back.
   * @param {number} id
   */
  readTo(id) {
    if (id <= this.#position) return;
    this.#position = id;
    for (const known of this.#known) if (known <= id) this.#known.delete(known);
    // Each message has its own offset, so this is an upper limit.
    this.#unknown = Math.min(this.#unknown, Math.max(0, this.#countedTo - id));
  }
}
