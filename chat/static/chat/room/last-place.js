// @ts-check
// Keeps where a person was in a room, for people who want a room to open there. Must not scroll.

export class LastPlace {
  /** @type {Pick<Storage, "getItem" | "setItem">} */
  #storage;
  /** @type {string} */
  #name;
  /** @type {() => number} */
  #findSeen;

  /**
   * @param {Pick<Storage, "getItem" | "setItem">} storage the person's own
   * @param {string} slug
   * @param {() => number} findSeen returns the id of the last visible message; 0 for none
   * @param {import("../ui/scope.js").Scope} scope
   */
  constructor(storage, slug, findSeen, scope) {
    this.#storage = storage;
    this.#name = `chat.place.${slug}`;
    this.#findSeen = findSeen;
    scope.listen(window, "pagehide", () => this.save());
    scope.listen(document, "visibilitychange", () => document.hidden && this.save());
  }

  /** The id of the message at which the person was, or null. */
  get id() {
    return Number(this.#storage.getItem(this.#name)) || null;
  }

  save() {
    const id = this.#findSeen();
    if (id > 0) this.#storage.setItem(this.#name, String(id));
  }
}
