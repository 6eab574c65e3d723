// Which messages are held, in which state, and from which id on without a hole.
// Must not keep bodies longer than the first backlog, nor know of sockets or the page.

export const BACKLOG_SIZE = 50;

export class Held {
  #offsets = new Map();
  #floor = null;
  #first = new Map();

  /** Ids from here on are held without a hole; 0 when nothing older exists, null before the first `synced`. */
  get floor() {
    return this.#floor;
  }

  // A room's first message has id 1, so nothing is older than that.
  get hasOlder() {
    return this.#floor > 1;
  }

  has(id) {
    return this.#offsets.has(id);
  }

  /** The messages to draw now: none when a newer state is held, or when it is below the floor. */
  take(message) {
    if (this.#floor !== null && message.id < this.#floor) return [];
    if (message.offset <= (this.#offsets.get(message.id) ?? -1)) return [];
    this.#offsets.set(message.id, message.offset);
    if (this.#floor !== null) return [message];
    this.#first.set(message.id, message);
    return [];
  }

  /**
   * Ends the first backlog. A live change of an ancient message may have come with it and would make a hole that
   * "load older" then jumps over, so only the newest 50 are kept: these are without a hole in any case.
   */
  settle() {
    if (this.#floor !== null) return [];
    const ids = [...this.#first.keys()].sort((a, b) => b - a);
    this.#floor = ids.length > BACKLOG_SIZE ? ids[BACKLOG_SIZE - 1] : (ids.at(-1) ?? 0);
    const messages = ids.filter((id) => id >= this.#floor).map((id) => this.#first.get(id));
    for (const id of ids) if (id < this.#floor) this.#offsets.delete(id);
    this.#first.clear();
    return messages.reverse();
  }

  /** An older page; returns what of it is news. */
  takePage(messages, more) {
    const ids = messages.map((message) => message.id);
    this.#floor = more && ids.length ? Math.min(this.#floor ?? Infinity, ...ids) : 0;
    return messages.flatMap((message) => this.take(message));
  }

  /** Gives the oldest back, so that a tab that stays open for weeks does not grow for ever. */
  dropBefore(id) {
    this.#floor = id;
    for (const held of this.#offsets.keys()) if (held < id) this.#offsets.delete(held);
  }

  reset() {
    this.#offsets.clear();
    this.#first.clear();
    this.#floor = null;
  }
}
