// @ts-check
// Keeps the divider "New" above the first unread message. Draws the parts of a row that depend on the message above it.
// Must not decide what is unread: read-marker.js does.

import { drawRelation } from "./message-relation.js";

export class UnreadDivider {
  /** @type {import("./message-list.js").MessageList} */
  #messages;
  /** @type {(id: number | null) => HTMLElement | undefined} */
  #itemOf;
  /** @type {number | null} */
  #firstUnreadId = null;
  /** @type {number | null} the message that has the divider now */
  #messageId = null;

  /**
   * @param {import("./message-list.js").MessageList} messages all loaded messages
   * @param {(id: number | null) => HTMLElement | undefined} itemOf returns the list item of a message that is drawn
   */
  constructor(messages, itemOf) {
    this.#messages = messages;
    this.#itemOf = itemOf;
  }

  /** The id of the message that has the divider, or null. */
  get messageId() {
    return this.#messageId;
  }

  /**
   * Draws the divider above this message, or above the next one that is loaded; null removes it.
   * @param {number | null} id
   */
  setFirstUnread(id) {
    this.#firstUnreadId = id;
    this.update();
  }

  /** Moves the divider to the first unread message that is loaded. Call this when the set of loaded messages has changed. */
  update() {
    const first = this.#firstUnreadId;
    const next = first === null ? null : this.#messages.idAt(this.#messages.indexFrom(first)) ?? null;
    if (next === this.#messageId) return;
    const changed = [this.#itemOf(this.#messageId), this.#itemOf(next)];
    this.#messageId = next;
    for (const item of changed) if (item) this.drawRelation(item);
  }

  /** Forgets which message has the divider. Call this when no message is loaded; `update` draws the divider again. */
  clear() {
    this.#messageId = null;
  }

  /**
   * Draws the day, the divider and the grouping of a message.
   * @param {HTMLElement} item the message's list item
   */
  drawRelation(item) {
    const message = this.#messages.get(Number(item.dataset.id));
    if (!message) return;
    const above = this.#messages.get(this.#messages.idAt(this.#messages.indexFrom(message.id) - 1));
    drawRelation(item, message, above, message.id === this.#messageId);
  }
}
