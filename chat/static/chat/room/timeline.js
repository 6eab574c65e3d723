// @ts-check
// Draws the messages, sorted by id, and keeps the reader's place.
// Must not know of sockets: message-flow.js passes the messages.

import { Emitter } from "../connection/emitter.js";
import { DrawnMessages } from "./drawn-messages.js";
import { drawRelation } from "./message-relation.js";
import { redraw } from "./message.js";
import { ScrollPosition } from "./scroll-position.js";

const FLASH_MS = 1_600;
const DRAW_DELAY_MS = 16;
// Above this number the oldest messages are dropped while the reader is at the bottom, or reads downwards.
const MAX_DRAWN = 1_000;
const KEPT_DRAWN = 500;
// No screen shows more messages at once.
const SEEN_AT_ONCE = 100;

/** @typedef {import("../connection/wire.js").Message} Message */

/**
 * The list of messages. It emits these events:
 * - drawn: {messages}
 * - shortened: {from}, the id of the oldest message that is left
 * - scrolled: {atTop, nearEnd}
 */
export class Timeline extends Emitter {
  /** @type {ScrollPosition} */
  #position;
  /** @type {DrawnMessages} */
  #drawn;
  /** @type {import("./message.js").View} */
  #view;
  /**
   * For each quoted message, the ids of the messages that quote it.
   * @type {Map<number, Set<number>>}
   */
  #quotedBy = new Map();
  /** @type {Map<number, Message>} */
  #queue = new Map();
  /** @type {ReturnType<typeof setTimeout> | null} */
  #timer = null;
  /** @type {number | null} */
  #firstUnreadId = null;
  /**
   * The drawn message that has the divider "New".
   * @type {number | null}
   */
  #dividerId = null;
  #isLive = true;

  /**
   * @param {HTMLElement} scroller
   * @param {HTMLElement} list
   * @param {string} me the reader's handle
   */
  constructor(scroller, list, me) {
    super();
    this.#drawn = new DrawnMessages(list);
    this.#position = new ScrollPosition(scroller, () => this.#drawn.items());
    this.#position.on("scrolled", (detail) => this.emit("scrolled", detail));
    this.#view = { me, find: (id) => this.get(id) };
  }

  get isAtBottom() {
    return this.#position.isAtBottom;
  }

  get isNearEnd() {
    return this.#position.isNearEnd;
  }

  /** Whether the newest messages of the room are drawn; false while the reader sees an older part of the history. */
  get isLive() {
    return this.#isLive;
  }

  set isLive(isLive) {
    this.#isLive = isLive;
    this.#position.canFollow = isLive;
  }

  /** The id of the newest drawn message, or 0. */
  get newestId() {
    return this.#drawn.newestId;
  }

  /** The id of the last drawn message whose end is visible, or above the visible part; 0 for none. */
  get seenTo() {
    return this.isAtBottom ? this.newestId : this.#drawn.lastIdWhere((item) => this.#position.hasPassed(item));
  }

  get messages() {
    return this.#drawn.messages;
  }

  /** @param {number} id */
  get(id) {
    return this.#drawn.get(id);
  }

  /** @param {number | null | undefined} id */
  item(id) {
    return this.#drawn.item(id);
  }

  /**
   * Draws a message soon. A backlog arrives as hundreds of frames, and is drawn in one step.
   * @param {Message} message
   */
  add(message) {
    this.#queue.set(message.id, message);
    this.#timer ??= setTimeout(() => this.flush(), DRAW_DELAY_MS);
  }

  /** Draws all waiting messages now. */
  flush() {
    clearTimeout(this.#timer ?? undefined);
    this.#timer = null;
    const messages = [...this.#queue.values()].sort((a, b) => a.id - b.id);
    this.#queue.clear();
    if (!messages.length) return;
    this.#position.keepDuring(() => this.#drawAll(messages));
    if (this.#drawn.size > MAX_DRAWN) this.#shorten();
    this.emit("drawn", { messages });
  }

  /**
   * Draws the server's last state of a message again, for example after a refused edit.
   * @param {number} id
   */
  redraw(id) {
    const [item, message] = [this.item(id), this.get(id)];
    if (item && message) redraw(item, message, this.#view);
  }

  clear() {
    this.#queue.clear();
    this.#dividerId = null;
    this.#drawn.clear();
    this.#quotedBy.clear();
    this.scrollToEnd();
  }

  scrollToEnd() {
    this.#position.scrollToEnd();
  }

  /** Draws all waiting messages, and remembers the reader's place, because the list leaves the page. */
  suspend() {
    this.flush();
    this.#position.suspend();
  }

  /** Restores the reader's place, because the list is on the page again. */
  resume() {
    this.#position.resume();
  }

  /**
   * Scrolls to a message, and returns whether it is drawn.
   * @param {number} id
   */
  jump(id) {
    const item = this.item(id);
    if (!item) return false;
    this.#position.scrollTo(item);
    item.classList.add("flash");
    setTimeout(() => item.classList.remove("flash"), FLASH_MS);
    return true;
  }

  /**
   * Draws the divider "New" above this message, or above the next one that is drawn; null removes it.
   * @param {number | null} id
   */
  setFirstUnread(id) {
    this.#firstUnreadId = id;
    this.#moveDivider();
  }

  /** Scrolls to the newest message, but not beyond the divider "New": the reader begins where they stopped. */
  scrollToUnread() {
    const item = this.item(this.#dividerId);
    if (item) this.#position.scrollToEndBelow(item);
    else this.scrollToEnd();
  }

  #moveDivider() {
    const next = this.#firstUnreadId === null ? null : this.#drawn.firstIdFrom(this.#firstUnreadId);
    if (next === this.#dividerId) return;
    const changed = [this.item(this.#dividerId), this.item(next)];
    this.#dividerId = next;
    for (const item of changed) if (item) this.#drawRelation(item);
  }

  /** @param {Message[]} messages */
  #drawAll(messages) {
    const touched = new Set();
    for (const message of messages) {
      const item = this.#drawn.put(message);
      redraw(item, message, this.#view);
      touched.add(item).add(item.nextElementSibling);
      for (const quoting of this.#quotedBy.get(message.id) ?? []) this.redraw(quoting);
      if (message.reply_to) this.#noteQuote(message.reply_to, message.id);
    }
    for (const item of touched) if (item) this.#drawRelation(item);
    this.#moveDivider();
  }

  /**
   * @param {number} quoted
   * @param {number} quoting
   */
  #noteQuote(quoted, quoting) {
    const ids = this.#quotedBy.get(quoted) ?? new Set();
    this.#quotedBy.set(quoted, ids.add(quoting));
  }

  /** @param {HTMLElement} item */
  #drawRelation(item) {
    const message = this.get(Number(item.dataset.id));
    if (!message) return;
    const above = this.get(Number(/** @type {HTMLElement | null} */ (item.previousElementSibling)?.dataset.id));
    drawRelation(item, message, above, message.id === this.#dividerId);
  }

  /** Drops the oldest messages, unless the reader sees them. */
  #shorten() {
    const count = this.#drawn.size - KEPT_DRAWN;
    const later = this.item(this.#drawn.idAt(count + SEEN_AT_ONCE));
    if (!this.isAtBottom && !(later && this.#position.hasPassed(later))) return;
    this.#position.keepDuring(() => this.#drop(count));
    this.emit("shortened", { from: this.#drawn.oldestId });
  }

  /** @param {number} count how many of the oldest messages */
  #drop(count) {
    this.#drawn.removeOldest(count);
    const oldest = this.item(this.#drawn.oldestId);
    if (oldest) this.#drawRelation(oldest);
    this.#moveDivider();
  }
}
