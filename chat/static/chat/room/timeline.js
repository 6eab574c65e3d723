// @ts-check
// Draws the messages, sorted by id.
// Must not know of sockets: conversation.js passes the messages.

import { Emitter } from "../connection/emitter.js";
import { make } from "../ui/dom.js";
import { dayName, startOfDay } from "../ui/format.js";
import { makeItem, redraw } from "./message.js";
import { ScrollPosition } from "./scroll-position.js";

const SAME_GROUP_MS = 5 * 60_000;
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
  /** @type {HTMLElement} */
  #list;
  /** @type {import("./message.js").View} */
  #view;
  /**
   * The ids of the drawn messages, ascending.
   * @type {number[]}
   */
  #ids = [];
  /** @type {Map<number, { message: Message, item: HTMLElement }>} */
  #drawn = new Map();
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
    this.#position = new ScrollPosition(scroller, () => this.#items());
    this.#position.on("scrolled", (detail) => this.emit("scrolled", detail));
    this.#list = list;
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
    return this.#ids.at(-1) ?? 0;
  }

  /** The id of the last drawn message whose end is visible, or above the visible part; 0 for none. */
  get seenTo() {
    if (this.isAtBottom) return this.newestId;
    let [low, high] = [0, this.#ids.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const item = this.item(this.#ids[middle]);
      if (item && this.#position.hasPassed(item)) low = middle + 1;
      else high = middle;
    }
    return this.#ids[low - 1] ?? 0;
  }

  /** @returns {Message[]} */
  get messages() {
    return [...this.#ids].flatMap((id) => this.get(id) ?? []);
  }

  /** @param {number} id */
  get(id) {
    return this.#drawn.get(id)?.message;
  }

  /** @param {number | null | undefined} id */
  item(id) {
    return typeof id === "number" ? this.#drawn.get(id)?.item : undefined;
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
    if (this.#ids.length > MAX_DRAWN) this.#shorten();
    this.emit("drawn", { messages });
  }

  /**
   * Draws the server's last state of a message again, for example after a refused edit.
   * @param {number} id
   */
  redraw(id) {
    const entry = this.#drawn.get(id);
    if (entry) redraw(entry.item, entry.message, this.#view);
  }

  clear() {
    this.#queue.clear();
    this.#ids = [];
    this.#dividerId = null;
    this.#drawn.clear();
    this.#quotedBy.clear();
    this.#list.replaceChildren();
    this.scrollToEnd();
  }

  scrollToEnd() {
    this.#position.scrollToEnd();
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
    const first = this.#firstUnreadId;
    const next = first === null ? null : this.#ids.find((id) => id >= first) ?? null;
    if (next === this.#dividerId) return;
    const changed = [this.item(this.#dividerId), this.item(next)];
    this.#dividerId = next;
    for (const item of changed) if (item) this.#drawRelation(item);
  }

  /** @param {Message[]} messages */
  #drawAll(messages) {
    const touched = new Set();
    for (const message of messages) {
      const item = this.#place(message);
      redraw(item, message, this.#view);
      touched.add(item).add(item.nextElementSibling);
      for (const quoting of this.#quotedBy.get(message.id) ?? []) this.redraw(quoting);
      if (message.reply_to) this.#noteQuote(message.reply_to, message.id);
    }
    for (const item of touched) if (item) this.#drawRelation(item);
    this.#moveDivider();
  }

  /**
   * Returns the message's item. Inserts a new item at the place that its id determines.
   * @param {Message} message
   */
  #place(message) {
    const entry = this.#drawn.get(message.id);
    if (entry) {
      entry.message = message;
      return entry.item;
    }
    const item = makeItem(message);
    let index = this.#ids.length;
    while (index > 0 && this.#ids[index - 1] > message.id) index -= 1;
    this.#list.insertBefore(item, this.item(this.#ids[index]) ?? null);
    this.#ids.splice(index, 0, message.id);
    this.#drawn.set(message.id, { message, item });
    return item;
  }

  /**
   * @param {number} quoted
   * @param {number} quoting
   */
  #noteQuote(quoted, quoting) {
    const ids = this.#quotedBy.get(quoted) ?? new Set();
    this.#quotedBy.set(quoted, ids.add(quoting));
  }

  /**
   * Draws the parts of an item that depend on the message above it: the day, the divider "New", and the grouping.
   * @param {HTMLElement} item
   */
  #drawRelation(item) {
    const message = this.get(Number(item.dataset.id));
    if (!message) return;
    const above = this.get(Number(/** @type {HTMLElement | null} */ (item.previousElementSibling)?.dataset.id));
    const isNewDay = !above || startOfDay(above.at) !== startOfDay(message.at);
    const isFirstUnread = message.id === this.#dividerId;
    // The oldest message has a header. It keeps the header when an older page arrives, so that it does not move.
    if (!above) item.dataset.oldest = "";
    const needsHeader = item.dataset.oldest !== undefined || isNewDay || isFirstUnread;
    const isGrouped = above !== undefined && !needsHeader && isContinuation(message, above);
    item.classList.toggle("grouped", isGrouped);
    for (const divider of item.querySelectorAll(":scope > .divider")) divider.remove();
    if (isFirstUnread) item.prepend(make("div", { class: "divider unread", text: "New" }));
    if (isNewDay) item.prepend(make("div", { class: "divider day", "data-words": "day", "data-at": message.at, text: dayName(message.at) }));
  }

  /** Yields the drawn items in their order. Each item is looked up only when the caller needs it. */
  *#items() {
    for (const id of this.#ids) {
      const item = this.item(id);
      if (item) yield item;
    }
  }

  /** Drops the oldest messages, unless the reader sees them. */
  #shorten() {
    const count = this.#ids.length - KEPT_DRAWN;
    const later = this.item(this.#ids[count + SEEN_AT_ONCE]);
    if (!this.isAtBottom && !(later && this.#position.hasPassed(later))) return;
    this.#position.keepDuring(() => this.#drop(count));
    this.emit("shortened", { from: this.#ids[0] });
  }

  /** @param {number} count how many of the oldest messages */
  #drop(count) {
    for (const id of this.#ids.splice(0, count)) {
      this.item(id)?.remove();
      this.#drawn.delete(id);
    }
    const oldest = this.item(this.#ids[0]);
    if (oldest) this.#drawRelation(oldest);
    this.#moveDivider();
  }
}

/**
 * Returns whether a message is drawn without a header, because the same author wrote the message above within five
 * minutes.
 * @param {Message} message
 * @param {Message} above
 */
function isContinuation(message, above) {
  const pauseMs = new Date(message.at).getTime() - new Date(above.at).getTime();
  return !message.reply_to && above.author.handle === message.author.handle && pauseMs < SAME_GROUP_MS;
}
