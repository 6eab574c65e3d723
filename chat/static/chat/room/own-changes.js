// @ts-check
// Shows this person's own changes until the server has them: pending messages, edits, removals, scheduled messages.
// Must not send: the socket's outbox does.

import { CLIENT_EVENT } from "../connection/wire.js";
import { byId } from "../ui/dom.js";
import { translateDetail } from "../ui/error-sentences.js";
import { shortTime } from "../ui/format.js";
import { gettext } from "../ui/translation.js";
import { lineOf } from "./command-lines.js";
import { showEditedBody } from "./message.js";
import { PendingMessages, reasonFor } from "./pending-messages.js";

/** @typedef {import("../connection/wire.js").WireEvent} WireEvent */
/** @typedef {import("../connection/wire.js").Message} Message */

/**
 * @typedef {object} Parts
 * @property {import("../connection/room-socket.js").RoomSocket} socket
 * @property {import("./timeline.js").Timeline} timeline
 * @property {import("./task-bars.js").TaskBars} taskBars
 * @property {() => import("./schedule-dialog.js").ScheduleDialog | null} scheduleDialog null before its first opening
 * @property {import("./history-navigation.js").HistoryNavigation} history
 * @property {import("./late-polls.js").LatePolls} polls
 * @property {() => boolean} isGuest whether this person is a guest
 * @property {(text: string) => boolean} giveBack writes a text into the field again; returns false if the field was not free
 * @property {(sentence: string) => void} notify shows a sentence to the person
 */

/** @param {WireEvent} event */
function changesMessage({ type }) {
  return type === CLIENT_EVENT.EDIT || type === CLIENT_EVENT.REMOVE;
}

export class OwnChanges {
  /** @type {string} */
  #me;
  /** @type {Parts} */
  #parts;
  /** @type {PendingMessages} */
  #pendingMessages;
  /**
   * The `edited_at` that the message of each pending edit had when the edit was first shown.
   * @type {Map<string, string | null>}
   */
  #editedAtBefore = new Map();

  /**
   * @param {string} me
   * @param {Parts} parts
   */
  constructor(me, parts) {
    const { changes } = parts.socket;
    this.#me = me;
    this.#parts = parts;
    this.#pendingMessages = new PendingMessages(byId("pending-messages"), me, {
      retry: (ref) => changes.retry(ref),
      discard: (ref) => changes.discard(ref),
      reconnect: () => parts.socket.checkConnection(),
      isGuest: parts.isGuest,
    });
  }

  /** @param {Message} message */
  isOwn(message) {
    return message.author.handle === this.#me;
  }

  /** Shows the outbox in grey: new messages below the timeline, edits and removals at their message. */
  show() {
    const { socket, timeline } = this.#parts;
    const { pending } = socket.changes;
    // Most of the time nothing is pending, and ten thousand messages may be loaded.
    const own = pending.length ? timeline.messages.filter((message) => this.isOwn(message)) : [];
    const drawnRefs = new Set(own.map(({ ref }) => ref));
    // The thread shows its own pending replies. A refused reply is shown here too: its thread may not be open.
    const here = pending.filter(({ event, failed }) => event.thread === undefined || failed);
    this.#pendingMessages.show(here, (ref) => drawnRefs.has(ref));
    for (const { event, failed } of pending) {
      const item = failed || !changesMessage(event) ? undefined : timeline.item(event.id);
      if (!item) continue;
      item.classList.add("changing");
      if (event.type === CLIENT_EVENT.EDIT && !this.#isEdited(event)) showEditedBody(item, event.body);
    }
  }

  /**
   * Returns whether the timeline already shows a pending edit: the room's event may arrive before the acknowledgement.
   * @param {WireEvent} edit
   */
  #isEdited({ ref, id, body }) {
    const message = this.#parts.timeline.get(id);
    const editedAt = message?.edited_at ?? null;
    if (!this.#editedAtBefore.has(ref)) this.#editedAtBefore.set(ref, editedAt);
    return editedAt !== this.#editedAtBefore.get(ref) || (editedAt !== null && message?.body === body);
  }

  /** Stops the timers, because the room leaves the page. */
  suspend() {
    this.#pendingMessages.suspend();
  }

  /**
   * Removes this person's messages from the pending messages, because the timeline has drawn them.
   * @param {Message[]} messages
   */
  messagesDrawn(messages) {
    for (const message of messages) if (this.isOwn(message) && message.ref) this.#pendingMessages.drop(message.ref);
    this.show();
  }

  /**
   * Removes this person's reply from the pending messages. It may have been refused before, and tried again.
   * @param {Message} reply
   */
  replyArrived(reply) {
    if (this.isOwn(reply) && reply.ref) this.#pendingMessages.drop(reply.ref);
  }

  /** Removes the acknowledged messages, because the page has forgotten all messages and draws them again. */
  reset() {
    this.#pendingMessages.dropAcknowledged();
  }

  /** @param {{ ref: string, id: number | null, event: WireEvent, notice?: string, reminder?: { at: string } }} acked */
  acked({ ref, id, event, notice, reminder }) {
    this.#editedAtBefore.delete(ref);
    const { timeline, scheduleDialog, polls, notify } = this.#parts;
    const isPost = event.type === CLIENT_EVENT.POST || event.type === CLIENT_EVENT.COMMAND;
    if (event.type === CLIENT_EVENT.VOTE) polls.voted(event.id, event.options);
    if (reminder) notify(gettext("The reminder comes %(time)s.", { time: shortTime(reminder.at) }));
    else if (notice) notify(translateDetail(notice));
    // An older part of the history will not show the message, so its pending copy must not wait for it.
    if (isPost && id !== null && timeline.isLive && !timeline.get(id)) this.#pendingMessages.acknowledge(ref);
    if (changesMessage(event)) timeline.item(event.id)?.classList.remove("changing");
    if (event.type !== CLIENT_EVENT.SCHEDULE) return;
    scheduleDialog()?.stored(ref);
    notify(gettext("Your message is scheduled for %(time)s.", { time: shortTime(event.at) }));
  }

  /** @param {{ ref: string, code: string, detail: string, id?: string, event: WireEvent | null, isRetried: boolean }} rejected */
  rejected({ ref, code, detail, id, event, isRetried }) {
    if (isRetried || !event) return;
    this.#editedAtBefore.delete(ref);
    const { socket, timeline, taskBars, scheduleDialog, history, giveBack, notify } = this.#parts;
    if (event.type === CLIENT_EVENT.SCHEDULE) {
      // If the open dialog shows the text and the refusal, the room does not show them too.
      if (scheduleDialog()?.refused({ ref, detail })) socket.changes.discard(ref);
      return;
    }
    if (event.type === CLIENT_EVENT.COMMAND) {
      // A thread gives the text back itself. If the thread is closed, the room shows the refused command.
      if (event.thread === undefined && giveBack(lineOf(/** @type {any} */ (event)))) socket.changes.discard(ref);
      notify(translateDetail(detail));
      return;
    }
    if (event.type === CLIENT_EVENT.VOTE) timeline.redraw(event.id);
    if (event.type === CLIENT_EVENT.START) taskBars.drop(ref);
    if (changesMessage(event)) {
      timeline.item(event.id)?.classList.remove("changing");
      timeline.redraw(event.id);
    }
    if (event.type === CLIENT_EVENT.FETCH) history.fetchRefused(code);
    else if (event.type !== CLIENT_EVENT.POST) notify(reasonFor(code, detail, id));
  }
}
