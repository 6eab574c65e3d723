// @ts-check
// Moves the reader through the history: older and newer pages, the jump to a message, the jump to the newest message.
// Must not draw messages: timeline.js does. Must not decide what is read: read-marker.js does.

import { REFUSAL } from "../connection/wire.js";
import { byId } from "../ui/dom.js";
import { plural } from "../ui/format.js";

/** @typedef {import("../connection/wire.js").WireEvent} WireEvent */

export class HistoryNavigation {
  /** @type {import("../connection/room-socket.js").RoomSocket} */
  #socket;
  /** @type {import("./timeline.js").Timeline} */
  #timeline;
  /** @type {import("./read-marker.js").ReadMarker} */
  #readMarker;
  /** @type {(sentence: string) => void} */
  #notify;
  #loadOlderButton = byId("load-older", HTMLButtonElement);
  #beginning = byId("beginning");
  #newestButton = byId("newest-button");
  #unreadBar = byId("unread-bar");
  #unreadButton = byId("unread-jump");
  /**
   * The message to jump to as soon as its page is loaded.
   * @type {number | null}
   */
  #target = null;
  #isGoingToNewest = false;
  #isComplete = false;

  /**
   * @param {import("../connection/room-socket.js").RoomSocket} socket
   * @param {import("./timeline.js").Timeline} timeline
   * @param {import("./read-marker.js").ReadMarker} readMarker
   * @param {(sentence: string) => void} notify shows a sentence to the person
   */
  constructor(socket, timeline, readMarker, notify) {
    this.#socket = socket;
    this.#timeline = timeline;
    this.#readMarker = readMarker;
    this.#notify = notify;
    this.#loadOlderButton.addEventListener("click", () => this.#loadOlder());
    this.#newestButton.addEventListener("click", () => this.showNewest());
    this.#unreadButton.addEventListener("click", () => this.#jumpToUnread());
    byId("unread-dismiss").addEventListener("click", () => this.#markAllRead());
    timeline.on("scrolled", ({ atTop, nearEnd }) => this.#scrolled(atTop, nearEnd));
    window.addEventListener("focus", () => this.update());
    window.addEventListener("blur", () => this.update());
    document.addEventListener("visibilitychange", () => this.update());
  }

  /** Is called when the messages are complete. The first call scrolls to the newest message. */
  synced() {
    if (!this.#isComplete) {
      this.#isComplete = true;
      this.#timeline.scrollToEnd();
    }
    this.showOlderButton();
  }

  /** Is called when the page has forgotten all messages and will draw them again. */
  reset() {
    this.#isComplete = false;
    this.#stopGoing();
    this.#timeline.isLive = true;
  }

  /**
   * Is called when a page has been drawn.
   * @param {WireEvent} request the `fetch`
   */
  pageDrawn({ before, around }) {
    const [target, isGoingToNewest] = [this.#target, this.#isGoingToNewest];
    this.#stopGoing();
    this.showOlderButton();
    if (target !== null && around === target) this.#show(target);
    else if (isGoingToNewest && before === undefined && around === undefined) this.#timeline.scrollToEnd();
    if (this.#timeline.isNearEnd) this.#loadNewer();
    this.update();
  }

  /**
   * Is called when the server refused a page.
   * @param {string} code
   */
  fetchRefused(code) {
    const target = this.#target;
    this.#stopGoing();
    this.showOlderButton();
    // Another tab has read on, so this page knows only about where the first new message is.
    if (target !== null && target === this.#readMarker.firstUnreadId) this.#loadOlder();
    else if (target !== null) this.#notify(missingSentence(code));
  }

  showOlderButton() {
    this.#loadOlderButton.hidden = !this.#socket.hasOlder;
    this.#loadOlderButton.disabled = false;
    this.#beginning.hidden = !this.#isComplete || this.#socket.hasOlder;
  }

  /**
   * Scrolls to a message. If it is not loaded, loads the page around it, with one request.
   * @param {number} id
   */
  jump(id) {
    if (!this.#isComplete || this.#target === id) return;
    this.#stopGoing();
    if (this.#socket.pages.covers(id)) {
      this.#timeline.flush();
      this.#show(id);
    } else {
      this.#target = id;
      this.#socket.pages.fetchAround(id);
    }
  }

  /** Scrolls to the newest message, and loads the newest messages if the reader sees an older part of the history. */
  showNewest() {
    this.#stopGoing();
    if (this.#timeline.isLive) {
      this.#timeline.scrollToEnd();
    } else {
      this.#isGoingToNewest = true;
      this.#socket.pages.fetchNewest();
    }
  }

  /** Is called when messages arrived, or when the scroll position or the window's focus changed. */
  update() {
    // Until the jump, the reader sees another part of the page than the one that they asked for.
    this.#readMarker.update({ mayRead: this.#target === null && !this.#isGoingToNewest });
    const count = this.#readMarker.countBelow;
    this.#newestButton.hidden = this.#timeline.isAtBottom;
    this.#newestButton.textContent = count ? `↓ ${plural(count, "new message")}` : "↓ Jump to the newest message";
    const above = this.#readMarker.countAbove;
    this.#unreadBar.hidden = above === 0;
    this.#unreadButton.textContent = above ? `↑ ${plural(above, "new message")} above` : "↑ Jump to the first new message";
  }

  #stopGoing() {
    this.#target = null;
    this.#isGoingToNewest = false;
  }

  /** @param {number} id */
  #show(id) {
    if (!this.#timeline.jump(id)) this.#notify(missingSentence(REFUSAL.NOT_FOUND));
    else if (this.#timeline.get(id)?.removed) this.#notify("This message was removed.");
  }

  #jumpToUnread() {
    const id = this.#readMarker.firstUnreadId;
    if (id !== null) this.jump(id);
  }

  #markAllRead() {
    this.#readMarker.markAllRead();
    this.update();
  }

  #loadOlder() {
    if (this.#socket.fetchOlder()) this.#loadOlderButton.disabled = true;
  }

  #loadNewer() {
    this.#socket.pages.fetchNewer();
  }

  /**
   * @param {boolean} atTop
   * @param {boolean} nearEnd
   */
  #scrolled(atTop, nearEnd) {
    if (atTop && this.#isComplete && !this.#timeline.isAtBottom) this.#loadOlder();
    if (nearEnd) this.#loadNewer();
    this.update();
  }
}

/**
 * Returns a sentence for a message that cannot be shown.
 * @param {string} code why the server refused the page
 */
function missingSentence(code) {
  return code === REFUSAL.NOT_FOUND ? "This message does not exist." : "This message could not be loaded. Try again.";
}
