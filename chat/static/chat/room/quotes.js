// @ts-check
// Records, for each message, which messages quote it. Must hold only data, and must not draw.

export class Quotes {
  /**
   * For each quoted message, the ids of the messages that quote it.
   * @type {Map<number, Set<number>>}
   */
  #quoting = new Map();

  /** @param {import("../connection/wire.js").Message} message */
  note({ id, reply_to: quoted }) {
    if (quoted) this.#quoting.set(quoted, (this.#quoting.get(quoted) ?? new Set()).add(id));
  }

  /**
   * Returns the ids of the messages that quote this one.
   * @param {number} id
   * @returns {Iterable<number>}
   */
  of(id) {
    return this.#quoting.get(id) ?? [];
  }

  clear() {
    this.#quoting.clear();
  }
}
