// @ts-check
// An EventTarget whose events carry a detail, and the names of the client's own events.
// Must not know what the page does with an event.

/** The events that the sockets and the directory emit in addition to the events of the wire. */
export const LOCAL_EVENT = Object.freeze({
  /** The server acknowledged a change of this person. The detail is the `ack`, with the sent event as `event`. */
  ACKED: "acked",
  /** The client has the messages of its page, before it connects. The detail is the `FirstView` of room-socket.js. */
  FIRST_VIEW: "first view",
  /** The connection is open. */
  OPENED: "opened",
  /** A message is new or changed, and is not drawn, because it is outside the loaded history. The detail is the message. */
  OUTSIDE: "outside",
  /** The list of unanswered and failed changes is different. */
  OUTBOX: "outbox",
  /** The directory has learned something about people. The detail has their `handles`. */
  PEOPLE: "people",
  /** The client has forgotten all messages, so the page must forget them too. */
  RESET: "reset",
  /** The state of the connection is different. */
  STATUS: "status",
  /** The server does not answer on an open connection, or it answers again. */
  SILENCE: "silence",
  /** The server does not know the address of the connection. */
  UNKNOWN: "unknown",
});

export class Emitter extends EventTarget {
  /**
   * Calls `listener` with the detail of each event of this type.
   * @param {string} type
   * @param {(detail: any) => void} listener
   */
  on(type, listener) {
    this.addEventListener(type, (event) => listener(/** @type {CustomEvent} */ (event).detail));
  }

  /**
   * @param {string} type
   * @param {object} [detail]
   * @protected
   */
  emit(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
