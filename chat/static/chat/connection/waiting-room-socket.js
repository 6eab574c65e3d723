// @ts-check
// The connection to a board's waiting room: visitors knock, and the owner decides. Unanswered requests are repeated.
// Must not decide what a person sees.

import { Emitter, LOCAL_EVENT } from "./emitter.js";
import { makeEnvironment } from "./environment.js";
import { PendingRequests } from "./pending-requests.js";
import { ReconnectingConnection } from "./reconnecting-connection.js";
import { SERVER_EVENT } from "./wire.js";

/** Emits every event of the server, except answers to requests. Also emits `opened`, and `status` with its detail. */
export class WaitingRoomSocket extends Emitter {
  /** @type {ReconnectingConnection} */
  #connection;
  /** @type {PendingRequests} */
  #requests;

  /** @param {() => string} url is called at each attempt to connect */
  constructor(url) {
    super();
    this.#connection = new ReconnectingConnection(url, {
      frame: (text) => this.#receive(JSON.parse(text)),
      opened: () => this.#opened(),
      status: (status) => this.emit(LOCAL_EVENT.STATUS, status),
    });
    const { timers } = makeEnvironment();
    this.#requests = new PendingRequests(timers, (event) => this.#connection.send(JSON.stringify(event)));
  }

  open() {
    this.#connection.open();
  }

  reconnectNow() {
    this.#connection.reconnectNow();
  }

  /**
   * Asks the server to do something. Resolves with the `ack`, or with a `rejected` that is final.
   * @param {string} type
   * @param {object} [fields]
   */
  request(type, fields = {}) {
    return this.#requests.request(type, fields);
  }

  #opened() {
    this.#connection.markUseful();
    this.emit(LOCAL_EVENT.OPENED);
    this.#requests.sendAgain();
  }

  /** @param {import("./wire.js").WireEvent} event */
  #receive(event) {
    if (event.type === SERVER_EVENT.ACK || event.type === SERVER_EVENT.REJECTED) this.#requests.answered(event);
    else this.emit(event.type, event);
  }
}
