// @ts-check
// Moves the reader through the history: older and newer pages, the jump to a message, the jump to the newest message.
// Must not draw messages: timeline.js does. Must not decide what is read: read-marker.js does.

import { REFUSAL } from "../connection/wire.js";
import { byId } from "../ui/dom.js";
import { gettext, ngettext } from "../ui/translation.js";

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
  /** @type {() => boolean} */
  #hasReplies;
  /** @type {(id: number) => boolean} */
  #showReply;
  #loadOlderButton = byId("load-older", HTMLButtonElement);
  #beginning = byId("beginning");
  #emptyRoom = byId("empty-room");
  #newestButton = byId("newest-button");
  #unreadBar = byId("unread-bar");
  #unreadButton = byId("unread-jump");
  /**
   * The message to jump to as soon as its page is loaded.
   * @type {number | null}
   */
  #target = null;
  /**
   * The message to jump to as soon as the first messages are loaded.
   * @type {number | null}
   */
  #wanted = null;
  /**
   * The message at which the room opens: Infinity for the newest one, null for the first unread one.
   * @type {number | null}
   */
  #opening = null;
  #isJumpingToNewest = false;
  #isComplete = false;
  /** Whether the room has opened at a message. */
  #hasOpened = false;
  /** Whether the jump that is under way opens the room at the first unread message. */
  #isOpening = false;
  #list = byId("messages");
  #scroller = byId("scroller");

  /**
   * @param {import("../connection/room-socket.js").RoomSocket} socket
   * @param {import("./timeline.js").Timeline} timeline
   * @param {import("./read-marker.js").ReadMarker} readMarker
   * @param {object} page
   * @param {(sentence: string) => void} page.notify shows a sentence to the person
   * @param {import("../ui/scope.js").Scope} page.scope
   * @param {() => boolean} page.hasReplies returns whether some loaded messages are replies in threads
   * @param {(id: number) => boolean} page.showReply opens the thread of a reply; returns false for another message
   */
  constructor(socket, timeline, readMarker, { notify, scope, hasReplies, showReply }) {
    this.#socket = socket;
    this.#timeline = timeline;
    this.#readMarker = readMarker;
    this.#notify = notify;
    this.#hasReplies = hasReplies;
    this.#showReply = showReply;
    this.#loadOlderButton.addEventListener("click", () => this.#loadOlder());
    this.#newestButton.addEventListener("click", () => this.showNewest());
    this.#unreadButton.addEventListener("click", () => this.#jumpToUnread());
    byId("unread-dismiss").addEventListener("click", () => this.#markAllRead());
    timeline.on("scrolled", ({ atTop, nearEnd }) => this.#scrolled(atTop, nearEnd));
    scope.listen(window, "focus", () => this.update());
    scope.listen(window, "blur", () => this.update());
    scope.listen(document, "visibilitychange", () => this.update());
  }

  /**
   * Shows the button for older messages if the room has older ones, because no message is missing between the loaded ones.
   * The first call scrolls to the newest message, unless the reader sees the messages already.
   * @param {{ isShown: boolean }} messages
   */
  synced({ isShown }) {
    if (!this.#isComplete && !isShown) this.#timeline.scrollToEnd();
    this.#isComplete = true;
    this.showOlderButton();
    this.#fill();
  }

  /**
   * Loads an older page if the loaded messages do not fill the screen, or if a page contained only replies in threads, which
   * the timeline does not draw.
   * @param {boolean} [hasDrawn] whether the last page had messages of the timeline
   */
  #fill(hasDrawn = true) {
    if (!this.#hasReplies() || !this.#socket.hasOlder) return;
    const { scrollHeight, clientHeight } = this.#scroller;
    if (!hasDrawn || scrollHeight <= clientHeight) this.#loadOlder();
  }

  /**
   * Jumps to the message for which the first messages had to be loaded. The first call opens the room at the first unread
   * message, if there is no such message. The caller has placed the divider "New".
   */
  jumpToWanted() {
    const wanted = this.#wanted ?? this.#opening;
    const hasOpened = this.#hasOpened;
    this.#wanted = null;
    this.#opening = null;
    this.#hasOpened = true;
    if (wanted === null && !hasOpened) this.#openAtUnread();
    if (wanted === null) return;
    // Without `isLive`, the last loaded message is not the newest message of the room.
    if (wanted === Infinity || (this.#timeline.isLive && wanted >= this.#timeline.newestId)) this.showNewest();
    else this.jump(wanted);
  }

  /**
   * Opens the room at a message, and not at the first unread one. A `jump` before the first messages has precedence.
   * @param {number | null} id null for the newest message
   */
  openAt(id) {
    this.#opening = id ?? Infinity;
  }

  /** Starts again, because the page has forgotten all messages and will draw them again. */
  reset() {
    this.#isComplete = false;
    this.#hasOpened = false;
    this.#stopJump();
    this.#timeline.isLive = true;
  }

  /**
   * Ends the jump for which a drawn page was fetched. Fetches the next newer page if the reader is near the end.
   * @param {WireEvent} request the `fetch`
   * @param {boolean} hasDrawn whether the page had messages of the timeline
   */
  pageDrawn({ before, around }, hasDrawn) {
    const [target, isJumpingToNewest, isOpening] = [this.#target, this.#isJumpingToNewest, this.#isOpening];
    this.#stopJump();
    this.showOlderButton();
    if (target !== null && around === target && isOpening) this.#timeline.scrollToUnread();
    else if (target !== null && around === target) this.#show(target);
    else if (isJumpingToNewest && before === undefined && around === undefined) this.#timeline.scrollToEnd();
    if (this.#timeline.isNearEnd) this.#loadNewer();
    this.#fill(hasDrawn || before === undefined);
    this.update();
  }

  /**
   * Ends the jump for which the server refused a page. Tells the person, or loads an older page after a jump to the first
   * unread message.
   * @param {string} code
   */
  fetchRefused(code) {
    const target = this.#target;
    this.#stopJump();
    this.showOlderButton();
    // After another tab has read further, the id of the first new message may be too low, and no message may have it. Then
    // the next older page brings the reader nearer to the first new message.
    if (target !== null && target === this.#readMarker.firstUnreadId) this.#loadOlder();
    else if (target !== null) this.#notify(missingSentence(code));
  }

  showOlderButton() {
    this.#loadOlderButton.hidden = !this.#socket.hasOlder;
    this.#loadOlderButton.disabled = false;
    this.#beginning.hidden = !this.#isComplete || this.#socket.hasOlder;
  }

  /**
   * Scrolls to a message. If the message is not loaded, loads the page around it with one request. Before the first messages
   * are loaded, the jump waits for them.
   * @param {number} id
   */
  jump(id) {
    if (!this.#isComplete) this.#wanted = id;
    if (!this.#isComplete || this.#target === id) return;
    this.#stopJump();
    if (this.#socket.pages.covers(id)) {
      this.#timeline.flush();
      this.#show(id);
    } else {
      this.#target = id;
      this.#socket.pages.fetchAround(id);
    }
  }

  /** Scrolls to the oldest loaded message. The page then loads older messages, as when the reader scrolls there. */
  showOldest() {
    this.#stopJump();
    this.#timeline.scrollToStart();
  }

  /** Scrolls to the newest message, and loads the newest messages if the reader sees an older part of the history. */
  showNewest() {
    this.#stopJump();
    if (this.#timeline.isLive) {
      this.#timeline.scrollToEnd();
    } else {
      this.#isJumpingToNewest = true;
      this.#socket.pages.fetchNewest();
    }
  }

  /**
   * Updates what is read, and the buttons that jump to new messages. The caller calls this when messages arrived, or when
   * the scroll position or the window's focus changed.
   */
  update() {
    this.#emptyRoom.hidden = this.#beginning.hidden || !this.#timeline.isEmpty;
    // Until a jump ends, the screen does not show what the reader asked for. So what it shows does not count as read.
    this.#readMarker.update({ mayRead: this.#target === null && !this.#isJumpingToNewest });
    const count = this.#readMarker.countBelow;
    this.#newestButton.hidden = this.#timeline.isAtBottom;
    setText(this.#newestButton, count ? ngettext("↓ %(count)s new message", "↓ %(count)s new messages", count)
      : gettext("↓ Jump to the newest message"));
    const above = this.#readMarker.countAbove;
    this.#unreadBar.hidden = above === 0;
    setText(this.#unreadButton, above ? ngettext("↑ %(count)s new message above", "↑ %(count)s new messages above", above)
      : gettext("↑ Jump to the first new message"));
  }

  #stopJump() {
    this.#target = null;
    this.#isJumpingToNewest = false;
    this.#setOpening(false);
  }

  /** Loads the page around the first unread message, if the message is not among the newest ones. */
  #openAtUnread() {
    const id = this.#readMarker.firstUnreadId;
    if (id === null || this.#socket.pages.covers(id)) return;
    this.jump(id);
    this.#setOpening(true);
  }

  /**
   * While the room opens at the first unread message, the styles hide the newest messages. Otherwise they would be
   * visible for a moment.
   * @param {boolean} isOpening
   */
  #setOpening(isOpening) {
    this.#isOpening = isOpening;
    this.#list.classList.toggle("opening", isOpening);
  }

  /** @param {number} id */
  #show(id) {
    if (this.#showReply(id)) return;
    if (!this.#timeline.jump(id)) this.#notify(missingSentence(REFUSAL.NOT_FOUND));
    else if (this.#timeline.get(id)?.removed) this.#notify(gettext("This message was removed."));
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
 * Changes the text of an element. The same text again would cost a layout in each frame of a scroll.
 * @param {HTMLElement} element
 * @param {string} text
 */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Returns a sentence for a message that cannot be shown.
 * @param {string} code why the server refused the page
 */
function missingSentence(code) {
  return code === REFUSAL.NOT_FOUND ? gettext("This message does not exist.") : gettext("This message could not be loaded. Try again.");
}
