// @ts-check
// Records which messages this client has, their states, and the range of ids from which no message is missing.
// Must not know of sockets or the page, and must keep bodies only until the first backlog or a fetch has ended.

import { BACKLOG_SIZE } from "./wire.js";

/** @typedef {import("./wire.js").Message} Message */
/** @typedef {import("./wire.js").WireEvent} WireEvent */

/**
 * @typedef {object} AcceptedPage
 * @property {Message[]} messages what the page must draw now
 * @property {boolean} isReplaced the page must first forget what it has drawn: the range does not touch the old one
 */

/** @type {AcceptedPage} */
const NOTHING = Object.freeze({ messages: [], isReplaced: false });

export class LoadedMessages {
  /**
   * The offset of the newest known state of each message, by id.
   * @type {Map<number, number>}
   */
  #offsets = new Map();
  /** @type {number | null} */
  #completeFrom = null;
  #completeTo = Infinity;
  /** @type {Map<number, Message>} */
  #backlog = new Map();
  /**
   * The newest state of each message outside the range that arrived during a fetch. The server may have read the page
   * before the message changed. Null while no fetch is under way.
   * @type {Map<number, Message> | null}
   */
  #outside = null;
  /** Nothing is older than the message with this id: the first message of a room has id 1, and retention deletes older ones. */
  keptFrom = 1;

  /** No message is missing from this id onwards; 0 when nothing older exists; null before `start` or `finishBacklog`. */
  get completeFrom() {
    return this.#completeFrom;
  }

  /** No message is missing up to this id; Infinity when the newest messages are loaded. */
  get completeTo() {
    return this.#completeTo;
  }

  get hasOlder() {
    return this.#completeFrom !== null && this.#completeFrom > this.keptFrom;
  }

  get hasNewer() {
    return this.#completeTo !== Infinity;
  }

  /**
   * Returns whether an id is in the loaded range.
   * @param {number} id
   */
  covers(id) {
    return this.#completeFrom !== null && id >= this.#completeFrom && id <= this.#completeTo;
  }

  /**
   * Returns whether a message before this id is loaded.
   * @param {number} id
   */
  hasBefore(id) {
    return [...this.#offsets.keys()].some((known) => known < id);
  }

  /**
   * Starts with messages in the order of their ids, without gaps, in the place of a first backlog.
   * @param {Message[]} messages
   * @param {boolean} hasNewer whether the room has newer messages than these
   */
  start(messages, hasNewer) {
    for (const { id, offset } of messages) this.#offsets.set(id, offset);
    this.#completeFrom = messages[0]?.id ?? 0;
    this.#completeTo = hasNewer ? (messages.at(-1)?.id ?? 0) : Infinity;
  }

  /**
   * Takes a message, and returns it in a list if the page must draw it now. The list is empty for an outdated state, for
   * an id outside the range, and before the first backlog ends.
   * @param {Message} message
   * @returns {Message[]}
   */
  accept(message) {
    if (this.#completeFrom !== null && !this.covers(message.id)) {
      this.#keepOutside(message);
      return [];
    }
    if (message.offset <= (this.#offsets.get(message.id) ?? -1)) return [];
    this.#offsets.set(message.id, message.offset);
    if (this.#completeFrom !== null) return [message];
    this.#backlog.set(message.id, message);
    return [];
  }

  /**
   * Ends the first backlog, and returns its messages in the order of their ids. A live change of a very old message may
   * have arrived among them. This message would leave a gap that "load older" skips. So only the newest BACKLOG_SIZE
   * messages are kept, because there is no gap between these messages.
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

  /** Starts to keep messages outside the range. The caller calls this before it asks for a page. */
  expectPage() {
    this.#outside ??= new Map();
  }

  /**
   * Takes the answer to a `fetch`. A page that touches the loaded range extends it. Another page replaces it.
   * @param {WireEvent} request the `fetch`
   * @param {WireEvent} page
   * @returns {AcceptedPage}
   */
  acceptPage(request, page) {
    const range = this.#rangeOf(request, page);
    const arrived = this.#outside?.values() ?? [];
    this.#outside = null;
    if (this.#completeFrom === null || range === null) return NOTHING;
    const { from, to } = range;
    const isReplaced = from > this.#completeTo || to < this.#completeFrom;
    if (isReplaced) this.#offsets.clear();
    this.#completeFrom = isReplaced ? from : Math.min(from, this.#completeFrom);
    this.#completeTo = isReplaced ? to : Math.max(to, this.#completeTo);
    // A message that changed after the server read the page is in `arrived` with a higher offset.
    const newest = new Map();
    for (const message of [...page.messages, ...arrived]) {
      if (message.offset > (newest.get(message.id)?.offset ?? -1)) newest.set(message.id, message);
    }
    return { messages: [...newest.values()].flatMap((message) => this.accept(message)), isReplaced };
  }

  /** Drops the kept messages outside the range, because the server has refused the page. */
  forgetExpectedPage() {
    this.#outside = null;
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
    this.#outside = null;
    this.#completeFrom = null;
    this.#completeTo = Infinity;
  }

  /** @param {Message} message */
  #keepOutside(message) {
    const known = this.#outside?.get(message.id);
    if (message.offset > (known?.offset ?? -1)) this.#outside?.set(message.id, message);
  }

  /**
   * Returns the ids between which a page has every message. Null for an older page that no longer touches the range,
   * because the timeline was shortened meanwhile. Null also for a page without the requested message: a server of an older
   * version sends such a page.
   * @param {WireEvent} request
   * @param {WireEvent} page
   */
  #rangeOf({ before, around }, { messages, more, more_after: hasNewer }) {
    const first = more && messages.length ? messages[0].id : 0;
    if (typeof around === "number") {
      const isHere = messages.some((/** @type {Message} */ { id }) => id === around);
      return isHere && hasNewer !== undefined ? { from: first, to: hasNewer ? messages.at(-1).id : Infinity } : null;
    }
    if (typeof before !== "number") return { from: first, to: Infinity };
    // The page ends just before `before`, so it touches a range that begins there.
    return before === this.#completeFrom ? { from: first, to: before } : null;
  }
}
