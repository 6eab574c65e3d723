// @ts-check
// Records which messages this client has, their states, and the id from which no message is missing.
// Must not keep bodies after the first backlog, nor know of sockets or the page.

import { BACKLOG_SIZE } from "./wire.js";

/** @typedef {import("./wire.js").Message} Message */

export class LoadedMessages {
  /**
   * The offset of the newest known state of each message, by id.
   * @type {Map<number, number>}
   */
  #offsets = new Map();
  /** @type {number | null} */
  #completeFrom = null;
  /** @type {Map<number, Message>} */
  #backlog = new Map();

  /** No message is missing from this id onwards; 0 when nothing older exists, null before the first `synced`. */
  get completeFrom() {
    return this.#completeFrom;
  }

  // The first message of a room has id 1, so nothing is older than this message.
  get hasOlder() {
    return this.#completeFrom !== null && this.#completeFrom > 1;
  }

  /**
   * Takes a message, and returns it in a list if the page must draw it now. The list is empty for an outdated state, for
   * an id below `completeFrom`, and before the first backlog ends.
   * @param {Message} message
   * @returns {Message[]}
   */
  accept(message) {
    if (this.#completeFrom !== null && message.id < this.#completeFrom) return [];
    if (message.offset <= (this.#offsets.get(message.id) ?? -1)) return [];
    this.#offsets.set(message.id, message.offset);
    if (this.#completeFrom !== null) return [message];
    this.#backlog.set(message.id, message);
    return [];
  }

  /**
   * Ends the first backlog, and returns its messages in the order of their ids. A live change of a very old message may
   * have arrived among them. That message would leave a gap that "load older" skips. So only the newest 50 messages are
   * kept, which never have a gap.
   */
  finishBacklog() {
    if (this.#completeFrom !== null) return [];
    const newestFirst = [...this.#backlog.values()].sort((a, b) => b.id - a.id);
    const kept = newestFirst.slice(0, BACKLOG_SIZE);
    this.#completeFrom = kept.at(-1)?.id ?? 0;
    for (const { id } of newestFirst.slice(BACKLOG_SIZE)) this.#offsets.delete(id);
    this.#backlog.clear();
    return kept.reverse();
  }

  /**
   * Takes an older page, and returns those of its messages that this client did not have.
   * @param {Message[]} messages
   * @param {boolean} more whether older messages exist
   */
  acceptPage(messages, more) {
    const ids = messages.map((message) => message.id);
    this.#completeFrom = more && ids.length ? Math.min(this.#completeFrom ?? Infinity, ...ids) : 0;
    return messages.flatMap((message) => this.accept(message));
  }

  /**
   * Forgets the messages before this id. Otherwise the memory of a tab that stays open for weeks grows without limit.
   * @param {number} id
   */
  dropBefore(id) {
    this.#completeFrom = id;
    for (const known of this.#offsets.keys()) if (known < id) this.#offsets.delete(known);
  }

  reset() {
    this.#offsets.clear();
    this.#backlog.clear();
    this.#completeFrom = null;
  }
}
