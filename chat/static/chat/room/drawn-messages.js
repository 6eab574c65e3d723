// @ts-check
// Keeps the drawn messages and their list items, sorted by id. Must not fill the items, and must not scroll.

import { makeItem } from "./message.js";

/** @typedef {import("../connection/wire.js").Message} Message */

export class DrawnMessages {
  /** @type {HTMLElement} */
  #list;
  /**
   * The ids of the drawn messages, ascending.
   * @type {number[]}
   */
  #ids = [];
  /** @type {Map<number, { message: Message, item: HTMLElement }>} */
  #entries = new Map();

  /** @param {HTMLElement} list the element that contains the items */
  constructor(list) {
    this.#list = list;
  }

  get size() {
    return this.#ids.length;
  }

  /** The id of the oldest drawn message; undefined for none. */
  get oldestId() {
    return this.idAt(0);
  }

  /** The id of the newest drawn message, or 0. */
  get newestId() {
    return this.#ids.at(-1) ?? 0;
  }

  /** @returns {Message[]} */
  get messages() {
    return [...this.#ids].flatMap((id) => this.get(id) ?? []);
  }

  /** @param {number} id */
  get(id) {
    return this.#entries.get(id)?.message;
  }

  /** @param {number | null | undefined} id */
  item(id) {
    return typeof id === "number" ? this.#entries.get(id)?.item : undefined;
  }

  /**
   * Returns the id of the message at this index; undefined for none.
   * @param {number} index from 0, the oldest message
   * @returns {number | undefined}
   */
  idAt(index) {
    return this.#ids[index];
  }

  /** Yields the items in their order. Each item is looked up only when the caller needs it. */
  *items() {
    for (const id of this.#ids) {
      const item = this.item(id);
      if (item) yield item;
    }
  }

  /**
   * Returns the id of the first drawn message with this or a higher id, or null.
   * @param {number} from
   */
  firstIdFrom(from) {
    return this.#ids.find((id) => id >= from) ?? null;
  }

  /**
   * Returns the id of the last message whose item fulfils a condition; 0 for none.
   * @param {(item: HTMLElement) => boolean} condition is true for all items up to some place, and false after it
   */
  lastIdWhere(condition) {
    let [low, high] = [0, this.#ids.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const item = this.item(this.#ids[middle]);
      if (item && condition(item)) low = middle + 1;
      else high = middle;
    }
    return this.#ids[low - 1] ?? 0;
  }

  /**
   * Keeps the newest state of a message, and returns its item. A new item is inserted at the place of its id.
   * @param {Message} message
   */
  put(message) {
    const entry = this.#entries.get(message.id);
    if (entry) {
      entry.message = message;
      return entry.item;
    }
    const item = makeItem(message);
    let index = this.#ids.length;
    while (index > 0 && this.#ids[index - 1] > message.id) index -= 1;
    this.#list.insertBefore(item, this.item(this.#ids[index]) ?? null);
    this.#ids.splice(index, 0, message.id);
    this.#entries.set(message.id, { message, item });
    return item;
  }

  /** @param {number} count how many of the oldest messages are removed */
  removeOldest(count) {
    for (const id of this.#ids.splice(0, count)) {
      this.item(id)?.remove();
      this.#entries.delete(id);
    }
  }

  clear() {
    this.#ids = [];
    this.#entries.clear();
    this.#list.replaceChildren();
  }
}
