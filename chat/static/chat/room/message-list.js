// @ts-check
// Keeps the loaded messages of a room, sorted by id, and the heights of their rows as far as they are known.
// Must not touch the page: drawn-messages.js draws a part of these messages.

/** @typedef {import("../connection/wire.js").Message} Message */

// The height of a short message. It is used until the first row is measured.
const USUAL_HEIGHT_PX = 48;

/**
 * @typedef {object} Entry
 * @property {Message} message the newest known state
 * @property {number | null} heightPx the height of the row with its margin when it was last drawn; null before that
 * @property {boolean} keepsHeader whether the row once was the oldest drawn row; message-relation.js then keeps its header
 */

export class MessageList {
  /**
   * The ids of the messages, ascending.
   * @type {number[]}
   */
  #ids = [];
  /** @type {Map<number, Entry>} */
  #entries = new Map();
  /** The number of measured rows, and the sum of their heights. */
  #measured = { count: 0, sumPx: 0 };

  get size() {
    return this.#ids.length;
  }

  /** The id of the oldest message; undefined for none. */
  get oldestId() {
    return this.idAt(0);
  }

  /** The id of the newest message, or 0. */
  get newestId() {
    return this.#ids.at(-1) ?? 0;
  }

  /** @returns {Message[]} */
  get messages() {
    return this.#ids.flatMap((id) => this.get(id) ?? []);
  }

  /** @param {number | undefined} id */
  get(id) {
    return this.entry(id)?.message;
  }

  /** @param {number | undefined} id */
  entry(id) {
    return id === undefined ? undefined : this.#entries.get(id);
  }

  /**
   * Returns the id of the message at this index; undefined for none.
   * @param {number} index from 0, the oldest message
   * @returns {number | undefined}
   */
  idAt(index) {
    return this.#ids[index];
  }

  /**
   * Returns the index of the first message with this or a higher id; `size` for none.
   * @param {number} id
   */
  indexFrom(id) {
    let [low, high] = [0, this.#ids.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#ids[middle] < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * Keeps a message, or replaces the known state of the message. Returns the index of a new message; null for a known one.
   * @param {Message} message
   */
  put(message) {
    const entry = this.#entries.get(message.id);
    if (entry) {
      entry.message = message;
      return null;
    }
    const index = this.indexFrom(message.id);
    this.#ids.splice(index, 0, message.id);
    this.#entries.set(message.id, { message, heightPx: null, keepsHeader: false });
    return index;
  }

  /**
   * Keeps the measured height of a row.
   * @param {number} id
   * @param {number} heightPx
   */
  measured(id, heightPx) {
    const entry = this.#entries.get(id);
    if (!entry) return;
    this.#measured.count += entry.heightPx === null ? 1 : 0;
    this.#measured.sumPx += heightPx - (entry.heightPx ?? 0);
    entry.heightPx = heightPx;
  }

  /**
   * Returns the height of the rows between two indexes. A row that was never measured counts as high as the average row.
   * @param {number} from
   * @param {number} to the index after the last row
   */
  heightBetween(from, to) {
    const { count, sumPx } = this.#measured;
    const usualPx = count ? sumPx / count : USUAL_HEIGHT_PX;
    let heightPx = 0;
    for (let index = from; index < to; index += 1) heightPx += this.entry(this.#ids[index])?.heightPx ?? usualPx;
    return heightPx;
  }

  /**
   * Returns the index of the row that is this far below the upper edge of the first row.
   * @param {number} distancePx
   */
  indexAtHeight(distancePx) {
    let restPx = distancePx;
    for (let index = 0; index < this.#ids.length; index += 1) {
      restPx -= this.heightBetween(index, index + 1);
      if (restPx <= 0) return index;
    }
    return Math.max(0, this.#ids.length - 1);
  }

  /** @param {number} count how many of the oldest messages are removed */
  removeOldest(count) {
    for (const id of this.#ids.splice(0, count)) {
      const heightPx = this.#entries.get(id)?.heightPx ?? null;
      if (heightPx !== null) {
        this.#measured.count -= 1;
        this.#measured.sumPx -= heightPx;
      }
      this.#entries.delete(id);
    }
  }

  clear() {
    this.#ids = [];
    this.#entries.clear();
    this.#measured = { count: 0, sumPx: 0 };
  }
}
