// @ts-check
// Moves the reader through the history: older pages, the jump to a quoted message, the jump to the newest message.
// Must not draw messages: timeline.js does. Must not decide what is read: read-marker.js does.

import { byId } from "../ui/dom.js";
import { plural } from "../ui/format.js";

export class HistoryNavigation {
  /** @type {import("../connection/room-socket.js").RoomSocket} */
  #socket;
  /** @type {import("./timeline.js").Timeline} */
  #timeline;
  /** @type {import("./read-marker.js").ReadMarker} */
  #readMarker;
  #loadOlderButton = byId("load-older", HTMLButtonElement);
  #beginning = byId("beginning");
  #newestButton = byId("newest-button");
  /**
   * The message to jump to as soon as it is loaded.
   * @type {number | null}
   */
  #target = null;
  #isComplete = false;

  /**
   * @param {import("../connection/room-socket.js").RoomSocket} socket
   * @param {import("./timeline.js").Timeline} timeline
   * @param {import("./read-marker.js").ReadMarker} readMarker
   */
  constructor(socket, timeline, readMarker) {
    this.#socket = socket;
    this.#timeline = timeline;
    this.#readMarker = readMarker;
    this.#loadOlderButton.addEventListener("click", () => this.#loadOlder());
    this.#newestButton.addEventListener("click", () => timeline.scrollToEnd());
    timeline.on("scrolled", ({ atTop }) => this.#scrolled(atTop));
    window.addEventListener("focus", () => this.update());
    window.addEventListener("blur", () => this.update());
    document.addEventListener("visibilitychange", () => this.update());
  }

  /** Is called when the messages are complete. The first call scrolls to the newest message. */
  synced() {
    if (!this.#isComplete) {
      this.#isComplete = true;
      this.#timeline.scrollToEnd();
      this.#readMarker.start();
    }
    this.showOlderButton();
  }

  /** Is called when the page has forgotten all messages and will draw them again. */
  reset() {
    this.#isComplete = false;
  }

  /** Is called when an older page has been drawn. */
  pageDrawn() {
    this.showOlderButton();
    if (this.#target !== null) this.jump(this.#target);
  }

  showOlderButton() {
    this.#loadOlderButton.hidden = !this.#socket.hasOlder;
    this.#loadOlderButton.disabled = false;
    this.#beginning.hidden = !this.#isComplete || this.#socket.hasOlder;
  }

  /**
   * Scrolls to a message, and loads older pages until the message is loaded.
   * @param {number} id
   */
  jump(id) {
    this.#target = null;
    const isLoaded = (this.#socket.completeFrom ?? 0) <= id;
    if (this.#timeline.jump(id) || !this.#socket.hasOlder || isLoaded) return;
    this.#target = id;
    this.#loadOlder();
  }

  /** Is called when messages arrived, or when the scroll position or the window's focus changed. */
  update() {
    this.#readMarker.update();
    const count = this.#readMarker.unreadCount;
    this.#newestButton.hidden = this.#timeline.isAtBottom;
    this.#newestButton.textContent = count ? `↓ ${plural(count, "new message")}` : "↓ Jump to the newest message";
  }

  #loadOlder() {
    if (this.#socket.fetchOlder()) this.#loadOlderButton.disabled = true;
  }

  /** @param {boolean} atTop */
  #scrolled(atTop) {
    if (atTop && this.#isComplete && !this.#timeline.isAtBottom) this.#loadOlder();
    this.update();
  }
}
