// @ts-check
// The events that the sockets emit beside those of the wire. Must not hold behaviour.

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
