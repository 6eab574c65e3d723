// @ts-check
// Passes received messages to the parts that draw and count them: live messages, backlogs, pages of the history.
// Must not draw: timeline.js does. Must not know the events of the socket that are about people or tasks.

import { LOCAL_EVENT } from "../connection/emitter.js";
import { SERVER_EVENT } from "../connection/wire.js";
import { byId } from "../ui/dom.js";
import { loadDialogs } from "./late-dialogs.js";

/** @typedef {import("../connection/wire.js").Message} Message */

/**
 * @typedef {object} Parts
 * @property {import("../connection/room-socket.js").RoomSocket} socket
 * @property {import("./timeline.js").Timeline} timeline
 * @property {import("./read-marker.js").ReadMarker} readMarker
 * @property {import("./history-navigation.js").HistoryNavigation} history
 * @property {import("./own-changes.js").OwnChanges} ownChanges
 * @property {import("./message-controls.js").MessageControls} controls
 * @property {import("./typing.js").TypingOthers} typingOthers
 */

export class MessageFlow {
  /** @type {Parts} */
  #parts;
  #page = byId("room");
  // The list has its own role, so the live region is the element around it.
  #log = byId("message-log");

  /**
   * @param {Parts} parts
   * @param {boolean} isShown whether the reader sees the first view already
   */
  constructor(parts, isShown) {
    this.#parts = parts;
    const { socket, timeline } = parts;
    socket.on(LOCAL_EVENT.FIRST_VIEW, (view) => this.#showFirstView(view, isShown));
    socket.on(SERVER_EVENT.MESSAGE, (message) => this.#received(message));
    socket.on(SERVER_EVENT.SYNCED, ({ more }) => this.#synced(more));
    socket.on(SERVER_EVENT.PAGE, (page) => this.#pageReceived(page));
    socket.on(LOCAL_EVENT.OUTSIDE, (message) => this.#receivedOutside(message));
    socket.on(LOCAL_EVENT.RESET, () => this.#reset());
    timeline.on("drawn", ({ messages }) => this.#drawn(messages));
    timeline.on("shortened", ({ from }) => this.#shortened(from));
  }

  /**
   * Draws the messages of the page. If the reader sees these messages already, draws them again in their places: the page
   * now knows the people and the rooms that the messages name.
   * @param {import("../connection/room-socket.js").FirstView} view
   * @param {boolean} isShown
   */
  #showFirstView({ messages, read, more_after: hasNewer, ...news }, isShown) {
    this.#parts.timeline.isLive = !hasNewer;
    this.#parts.readMarker.joined({ you: { read }, ...news });
    for (const message of messages) this.#received(message);
    this.#showBacklog({ more: false, isShown });
  }

  /** @param {Message} message */
  #received(message) {
    this.#note(message);
    this.#parts.timeline.add(message);
  }

  /**
   * Takes a message that is not drawn, because the reader sees another part of the history.
   * @param {Message} message
   */
  #receivedOutside(message) {
    this.#note(message);
    this.#parts.history.update();
  }

  /** @param {Message} message */
  #note(message) {
    this.#parts.typingOthers.update(message.author, false);
    this.#parts.readMarker.note(message);
  }

  /** @param {boolean} more whether more missed messages follow */
  #synced(more) {
    this.#showBacklog({ more, isShown: false });
    this.#page.dataset.state = "open";
    // The dialogs load now. Each dialog then opens at once, even without a connection.
    loadDialogs().then((dialogs) => dialogs && this.#parts.controls.startLate(dialogs));
  }

  /**
   * @param {object} backlog
   * @param {boolean} backlog.more whether more missed messages follow
   * @param {boolean} backlog.isShown whether the reader sees the messages already, and may have scrolled
   */
  #showBacklog({ more, isShown }) {
    const { timeline, history, readMarker } = this.#parts;
    timeline.flush();
    this.#log.setAttribute("aria-busy", "false");
    history.synced({ isShown });
    if (!more) readMarker.caughtUp({ isShown });
    history.jumpToWanted();
    history.update();
  }

  #reset() {
    const { timeline, history, readMarker, ownChanges } = this.#parts;
    history.reset();
    readMarker.reset();
    this.#log.setAttribute("aria-busy", "true");
    timeline.clear();
    ownChanges.reset();
  }

  /** @param {import("../connection/loaded-messages.js").AcceptedPage & { event: import("../connection/wire.js").WireEvent }} page */
  #pageReceived({ messages, isReplaced, event }) {
    const { socket, timeline, history, readMarker, ownChanges } = this.#parts;
    if (isReplaced) {
      timeline.clear();
      ownChanges.reset();
    }
    timeline.isLive = !socket.pages.hasNewer;
    for (const message of messages) {
      readMarker.note(message);
      timeline.add(message);
    }
    timeline.flush();
    history.pageDrawn(event);
  }

  /** @param {Message[]} messages */
  #drawn(messages) {
    const { ownChanges, controls, history } = this.#parts;
    ownChanges.messagesDrawn(messages);
    controls.refresh();
    history.update();
  }

  /** @param {number} from the id of the oldest message that is left */
  #shortened(from) {
    this.#parts.socket.dropBefore(from);
    this.#parts.history.showOlderButton();
  }
}
