// @ts-check
// Passes received messages to the parts that draw and count them: live messages, backlogs, pages of the history.
// Must not draw: timeline.js does. Must not know the events of the socket that are about people or tasks.

import { LOCAL_EVENT } from "../connection/emitter.js";
import { SERVER_EVENT } from "../connection/wire.js";
import { byId } from "../ui/dom.js";
import { loadDialogs } from "./late-dialogs.js";
import { isReply } from "./replies.js";

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
 * @property {import("./threads.js").Threads} threads
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
    this.#draw(this.#note(message));
  }

  /**
   * Draws a message. A reply is not in the timeline: it changes the line below the first message of its thread.
   * @param {Message} message
   */
  #draw(message) {
    const { timeline, ownChanges } = this.#parts;
    if (!isReply(message)) {
      timeline.add(message);
      return;
    }
    const root = timeline.get(message.thread?.root ?? 0);
    if (root) timeline.add({ ...root, thread: message.thread });
    ownChanges.replyArrived(message);
  }

  /**
   * Takes a message that is not drawn, because the reader sees another part of the history.
   * @param {Message} message
   */
  #receivedOutside(message) {
    const noted = this.#note(message);
    if (isReply(noted)) this.#draw(noted);
    this.#parts.history.update();
  }

  /**
   * Takes note of a message, and returns it with the newest summary of its thread.
   * @param {Message} message
   */
  #note(message) {
    const { typingOthers, readMarker, threads } = this.#parts;
    if (!isReply(message)) {
      typingOthers.update(message.author, false);
      readMarker.note(message);
    }
    return threads.note(message);
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
    const { timeline, history, readMarker, ownChanges, threads } = this.#parts;
    history.reset();
    threads.clear();
    readMarker.reset();
    this.#log.setAttribute("aria-busy", "true");
    timeline.clear();
    ownChanges.reset();
  }

  /** @param {import("../connection/loaded-messages.js").AcceptedPage & { event: import("../connection/wire.js").WireEvent }} page */
  #pageReceived({ messages, isReplaced, event }) {
    const { socket, timeline, history, readMarker, ownChanges, threads } = this.#parts;
    if (isReplaced) {
      timeline.clear();
      ownChanges.reset();
    }
    timeline.isLive = !socket.pages.hasNewer;
    for (const message of messages) {
      if (!isReply(message)) readMarker.note(message);
      this.#draw(threads.note(message));
    }
    timeline.flush();
    history.pageDrawn(event, messages.some((message) => !isReply(message)));
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
