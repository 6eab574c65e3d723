// @ts-check
// Keeps where a person was in a room, for people who want a room to open there. Must not scroll.

export class LastPlace {
  /** @type {Pick<Storage, "getItem" | "setItem">} */
  #storage;
  /** @type {string} */
  #name;
  /** @type {() => number} */
  #read;

  /**
   * @param {Pick<Storage, "getItem" | "setItem">} storage the person's own
   * @param {string} slug
   * @param {() => number} read returns the id of the last visible message; 0 for none
   * @param {import("../ui/scope.js").Scope} scope
   */
  constructor(storage, slug, read, scope) {
    this.#storage = storage;
    this.#name = `chat.place.${slug}`;
    this.#read = read;
    scope.listen(window, "pagehide", () => this.save());
    scope.listen(document, "visibilitychange", () => document.hidden && this.save());
  }

  /** The id of the message at which the person was, or null. */
  get id() {
    return Number(this.#storage.getItem(this.#name)) || null;
  }

  save() {
    const id = this.#read();
    if (id > 0) this.#storage.setItem(this.#name, String(id));
  }
}
