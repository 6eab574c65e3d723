// @ts-check
// The events of the sockets: an EventTarget whose events carry a detail, and the names that the wire does not have.
// Must not know what the page does with an event.

/** The events that the sockets emit beside those of the wire. */
export const LOCAL_EVENT = Object.freeze({
  /** A change of this person was acknowledged: the `ack`, and `event`, what was sent. */
  ACKED: "acked",
  /** The connection is open. */
  OPENED: "opened",
  /** The list of unanswered and failed changes is different. */
  OUTBOX: "outbox",
  /** The client has forgotten all messages: the page must too. */
  RESET: "reset",
  /** The state of the connection is different. */
  STATUS: "status",
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
