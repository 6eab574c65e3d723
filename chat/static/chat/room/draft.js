// @ts-check
// The text that a person has begun to write in a room, so that a reload does not lose it.
// Must not know the field in which the text is written.

export class Draft {
  /** @type {import("../connection/storage.js").KeyValueStorage} */
  #storage;
  /** @type {string} */
  #name;

  /**
   * @param {import("../connection/storage.js").KeyValueStorage} storage the person's own
   * @param {string} slug each room has its own draft
   */
  constructor(storage, slug) {
    this.#storage = storage;
    this.#name = `chat.draft.${slug}`;
  }

  load() {
    return this.#storage.getItem(this.#name) ?? "";
  }

  /** @param {string} text */
  save(text) {
    if (text) this.#storage.setItem(this.#name, text);
    else this.#storage.removeItem(this.#name);
  }
}
