// @ts-check
// The changes that the server has not answered or has refused, kept in the browser so that they survive a reload and a
// closed tab.
// Must not send anything: outbox-sender.js decides when to send.

/** @typedef {import("./wire.js").WireEvent} WireEvent */
/** @typedef {{ code: string, detail: string, id?: string }} Failure `id` is the error's id in the server's log */

/**
 * @typedef {object} Entry
 * @property {string} ref
 * @property {WireEvent} event
 * @property {Failure | null} failed why the server refused the event; the client does not retry such an entry
 * @property {boolean} isPersistent false for a fetch, because a reload fetches again
 * @property {number | null} sentAt when the event was first sent, in milliseconds since 1970; null if it was not, or if an
 *   older version of the client sent it
 * @property {boolean} isSent whether the event was put on a connection, so the server may have it
 */

/** @param {any} entry */
function isEntry(entry) {
  return typeof entry?.event?.ref === "string" && typeof entry.event.type === "string";
}

export class Outbox {
  /** @type {Pick<Storage, "getItem" | "setItem" | "removeItem">} */
  #storage;
  /** @type {string} */
  #key;
  /** @type {Map<string, Entry>} */
  #entries = new Map();

  /**
   * @param {Pick<Storage, "getItem" | "setItem" | "removeItem">} storage
   * @param {string} key
   */
  constructor(storage, key) {
    this.#storage = storage;
    this.#key = key;
    for (const { event, failed, isSent, sentAt } of this.#load()) {
      this.#put(event, failed ?? null, true, isSent !== false, sentAt ?? null);
    }
  }

  /** All entries in the order in which they were written. */
  get entries() {
    return [...this.#entries.values()];
  }

  /** The entries that the server has not answered. */
  get unanswered() {
    return this.entries.filter((entry) => !entry.failed);
  }

  /** @param {string | null | undefined} ref */
  get(ref) {
    return ref ? this.#entries.get(ref) : undefined;
  }

  /**
   * @param {WireEvent} event has a `ref`
   * @param {{ isPersistent?: boolean }} [options]
   */
  add(event, { isPersistent = true } = {}) {
    this.#put(event, null, isPersistent, false);
    if (isPersistent) this.#save();
  }

  /** @param {string} ref */
  remove(ref) {
    if (this.#entries.delete(ref)) this.#save();
  }

  /**
   * Marks an entry as refused, so that it is not sent again. `null` marks the entry as unanswered again.
   * @param {string} ref
   * @param {Failure | null} failed
   */
  setFailed(ref, failed) {
    const entry = this.#entries.get(ref);
    if (!entry) return;
    entry.failed = failed;
    this.#save();
  }

  /**
   * Records that an entry was put on a connection.
   * @param {string} ref
   * @param {number} now milliseconds since 1970
   */
  setSent(ref, now) {
    const entry = this.#entries.get(ref);
    if (!entry || (entry.isSent && entry.sentAt !== null)) return;
    entry.isSent = true;
    entry.sentAt = now;
    if (entry.isPersistent) this.#save();
  }

  dropTransient() {
    for (const entry of this.entries) if (!entry.isPersistent) this.#entries.delete(entry.ref);
  }

  /**
   * @param {WireEvent} event
   * @param {Failure | null} failed
   * @param {boolean} isPersistent
   * @param {boolean} isSent
   * @param {number | null} [sentAt]
   */
  #put(event, failed, isPersistent, isSent, sentAt = null) {
    this.#entries.set(event.ref, { ref: event.ref, event, failed, isPersistent, isSent, sentAt });
  }

  #load() {
    try {
      const stored = JSON.parse(this.#storage.getItem(this.#key) ?? "[]");
      return Array.isArray(stored) ? stored.filter(isEntry) : [];
    } catch {
      return [];
    }
  }

  // Storage may be full or forbidden. The entries then live as long as the page.
  #save() {
    const kept = this.entries.filter((entry) => entry.isPersistent).map(
      ({ event, failed, isSent, sentAt }) => ({ event, failed, isSent, sentAt }),
    );
    try {
      if (kept.length) this.#storage.setItem(this.#key, JSON.stringify(kept));
      else this.#storage.removeItem(this.#key);
    } catch {
      // The entries stay in memory.
    }
  }
}
