// @ts-check
// Shows the loaded messages, sorted by id: draws the messages around the reader's place, and keeps this place.
// Must not know of sockets: message-flow.js passes the messages.

import { Emitter } from "../connection/emitter.js";
import { DrawnMessages } from "./drawn-messages.js";
import { MessageList } from "./message-list.js";
import { MessageQueue } from "./message-queue.js";
import { MessageWindow } from "./message-window.js";
import { makeItem, redraw } from "./message.js";
import { QuietLog } from "./quiet-log.js";
import { Quotes } from "./quotes.js";
import { ScrollPosition } from "./scroll-position.js";
import { UnreadDivider } from "./unread-divider.js";

const FLASH_MS = 1_600;
// Above this number the oldest messages are forgotten while they are far above the reader.
const MAX_LOADED = 12_000;
const KEPT_LOADED = 10_000;

/** @typedef {import("../connection/wire.js").Message} Message */

/**
 * The list of messages. It emits these events:
 * - drawn: {messages}, the new or changed messages; empty if only the drawn part of the loaded messages has changed
 * - shortened: {from}, the id of the oldest message that is left
 * - scrolled: {atTop, nearEnd}
 */
export class Timeline extends Emitter {
  /** @type {ScrollPosition} */
  #position;
  #messages = new MessageList();
  /** @type {DrawnMessages} */
  #drawn;
  /** @type {MessageWindow} */
  #window;
  /** @type {import("./message.js").View} */
  #view;
  #quotes = new Quotes();
  #queue = new MessageQueue(() => this.flush());
  #divider = new UnreadDivider(this.#messages, (id) => this.item(id));
  /** @type {QuietLog} */
  #quietLog;
  #isLive = true;

  /**
   * @param {HTMLElement} scroller
   * @param {HTMLElement} list
   * @param {string} me the reader's handle
   * @param {{ isThread?: boolean }} [options] isThread: the list shows a thread, beside the list of the room
   */
  constructor(scroller, list, me, { isThread = false } = {}) {
    super();
    this.#quietLog = new QuietLog(list);
    this.#view = { me, find: (id) => this.get(id), isThread };
    const messages = this.#messages;
    this.#drawn = new DrawnMessages(list, messages, (message) => makeItem(message, this.#view), (item, message) => {
      redraw(item, message, this.#view);
      this.#divider.drawRelation(item);
    });
    const [drawn, position] = [this.#drawn, new ScrollPosition(scroller, () => this.#drawn.items())];
    this.#position = position;
    this.#window = new MessageWindow(scroller, { messages, drawn, position }, (hasDrawn) => this.#windowMoved(hasDrawn));
    position.on("scrolled", (detail) => {
      this.#window.move();
      this.emit("scrolled", detail);
    });
  }

  get isAtBottom() {
    return this.#position.isAtBottom;
  }

  get isNearEnd() {
    return this.#position.isNearEnd;
  }

  /** Whether the newest messages of the room are loaded; false while the reader sees an older part of the history. */
  get isLive() {
    return this.#isLive;
  }

  set isLive(isLive) {
    this.#isLive = isLive;
    this.#position.canFollow = isLive;
  }

  /** The id of the newest loaded message, or 0. */
  get newestId() {
    return this.#messages.newestId;
  }

  /** The id of the last message whose end is in the visible part or above it; 0 for none. */
  get seenTo() {
    if (this.isAtBottom) return this.newestId;
    return this.#messages.idAt(this.#drawn.endWhere((item) => this.#position.hasPassed(item)) - 1) ?? 0;
  }

  get isEmpty() {
    return this.#messages.size === 0;
  }

  /** All loaded messages, drawn or not. */
  get messages() {
    return this.#messages.messages;
  }

  /**
   * Returns a loaded message, drawn or not.
   * @param {number} id
   */
  get(id) {
    return this.#messages.get(id);
  }

  /**
   * Returns the list item of a message that is drawn.
   * @param {number | null | undefined} id
   */
  item(id) {
    return this.#drawn.item(id);
  }

  /**
   * Draws a message soon, in one step with the messages that arrive in the same moment.
   * @param {Message} message
   */
  add(message) {
    this.#queue.add(message);
  }

  /** Draws all waiting messages now. */
  flush() {
    const messages = this.#queue.take();
    if (!messages.length) return;
    this.#position.keepDuring(() => this.#drawAll(messages));
    this.#window.move();
    if (this.#messages.size > MAX_LOADED) this.#shorten();
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
    this.#divider.clear();
    this.#messages.clear();
    this.#drawn.clear();
    this.#quotes.clear();
    this.scrollToEnd();
  }

  /** Scrolls to the newest loaded message, and then follows new messages. */
  scrollToEnd() {
    this.#window.show(this.#messages.size - 1);
    this.#position.scrollToEnd();
    this.#window.move();
  }

  /** Scrolls to the oldest loaded message. */
  scrollToStart() {
    this.#window.show(0);
    this.#position.scrollToStart();
    this.#window.move();
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
   * Scrolls to a message, and returns whether it is loaded.
   * @param {number} id
   */
  jump(id) {
    const item = this.#bring(id);
    if (!item) return false;
    this.#position.scrollTo(item);
    this.#window.move();
    item.classList.add("flash");
    setTimeout(() => item.classList.remove("flash"), FLASH_MS);
    return true;
  }

  /**
   * Draws the divider "New" above this message, or above the next one that is loaded; null removes it.
   * @param {number | null} id
   */
  setFirstUnread(id) {
    this.#divider.setFirstUnread(id);
  }

  /** Scrolls to the newest message, but not beyond the divider "New": the reader begins where they stopped. */
  scrollToUnread() {
    const { messageId } = this.#divider;
    const item = messageId === null ? undefined : this.#bring(messageId);
    if (!item) {
      this.scrollToEnd();
      return;
    }
    // The divider stands above the box of its message.
    const divider = /** @type {HTMLElement | null} */ (item.querySelector(":scope > .divider"));
    this.#position.scrollToEndBelow(divider ?? item);
    this.#window.move();
  }

  /**
   * Draws a message and its neighbours, unless the message is drawn, and returns its item; undefined if it is not loaded.
   * @param {number} id
   */
  #bring(id) {
    if (!this.get(id)) return undefined;
    this.#window.show(this.#messages.indexFrom(id));
    return this.item(id);
  }

  /** @param {boolean} hasDrawn whether rows of messages that are not new came to the page */
  #windowMoved(hasDrawn) {
    if (hasDrawn) this.#quietLog.beQuiet();
    this.emit("drawn", { messages: [] });
  }

  /** @param {Message[]} messages */
  #drawAll(messages) {
    const touched = new Set();
    for (const message of messages) {
      const index = this.#messages.put(message);
      if (index === null) this.redraw(message.id);
      else if (this.#drawn.insert(index)) touched.add(this.#drawn.itemAt(index + 1));
      for (const quoting of this.#quotes.of(message.id)) this.redraw(quoting);
      this.#quotes.note(message);
    }
    this.#drawn.updateSpace();
    for (const item of touched) if (item) this.#divider.drawRelation(item);
    this.#divider.update();
  }

  /** Forgets the oldest messages, unless one of them is drawn. */
  #shorten() {
    const count = this.#messages.size - KEPT_LOADED;
    if (count > this.#drawn.first) return;
    this.#position.keepDuring(() => this.#drop(count));
    this.emit("shortened", { from: this.#messages.oldestId });
  }

  /** @param {number} count how many of the oldest messages */
  #drop(count) {
    this.#messages.removeOldest(count);
    this.#drawn.oldestRemoved(count);
    this.#divider.update();
  }
}
