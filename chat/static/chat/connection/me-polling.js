// @ts-check
// A person's own stream as requests of the JSON API, with the interface of a WebSocket, for networks that block WebSockets.
// Must not repeat a request by itself: the heartbeat of me-socket.js asks for the rooms again, every 25 s.
//
// The API tells what is unread in each room. It does not tell single mentions, so the browser does not notify of them.

import { asApiError, call } from "./api.js";
import { PolledSocket } from "./polled-socket.js";
import { CLIENT_EVENT, CLOSE, SERVER_EVENT } from "./wire.js";

const PATH = "/me/";

/** @typedef {import("./wire.js").WireEvent} WireEvent */
/** @typedef {{ method: string, path: string, body?: object }} Request */

/**
 * How the API makes each change that the stream can make.
 * @type {Record<string, (event: WireEvent) => Request>}
 */
const REQUESTS = {
  [CLIENT_EVENT.READ]: ({ room, offset }) => ({ method: "POST", path: `/api/rooms/${room}/read/`, body: { offset } }),
  [CLIENT_EVENT.READ_ALL]: () => ({ method: "POST", path: "/api/read/" }),
  [CLIENT_EVENT.LEVEL]: ({ room, level }) => ({ method: "PUT", path: `/api/rooms/${room}/membership/`, body: { level } }),
  [CLIENT_EVENT.FAVOURITE]: ({ room, on: favourite, position }) => ({
    method: "PUT", path: `/api/rooms/${room}/membership/`, body: { favourite, position },
  }),
};

/** @type {Record<number, number>} */
const CLOSE_CODES = { 401: CLOSE.NOT_SIGNED_IN, 404: CLOSE.NOT_FOUND, 429: CLOSE.OVERLOADED };

export class MePolling extends PolledSocket {
  /** @type {typeof call} */
  #request;

  /**
   * Returns whether this class can replace the websocket at this address.
   * @param {string} url
   */
  static serves(url) {
    return new URL(url).pathname === PATH;
  }

  /**
   * Throws a RangeError for the address of another socket.
   * @param {string} url the address of the websocket
   * @param {{ request?: typeof call }} [options] for tests
   */
  constructor(url, { request = call } = {}) {
    if (!MePolling.serves(url)) throw new RangeError(`${url} is not the person's own stream`);
    super();
    this.#request = request;
    this.#open();
  }

  /** @param {string} text */
  send(text) {
    const event = JSON.parse(text);
    if (event.type === CLIENT_EVENT.SYNC) this.#sync();
    else if (REQUESTS[event.type]) this.#change(event);
  }

  async #open() {
    const rooms = await this.#readRooms();
    if (rooms === null) return;
    this.onopen?.({});
    this.deliver({ type: SERVER_EVENT.WORKSPACE, rooms });
  }

  async #sync() {
    const rooms = await this.#readRooms();
    if (rooms === null) return;
    this.deliver({ type: SERVER_EVENT.WORKSPACE, rooms });
    this.deliver({ type: SERVER_EVENT.SYNCED });
  }

  /** Returns the person's rooms, or null when the connection has ended. */
  async #readRooms() {
    try {
      return (await this.#request("GET", "/api/workspace/", undefined, { signal: this.signal })).rooms;
    } catch (error) {
      this.end(CLOSE_CODES[asApiError(error).status] ?? CLOSE.ABNORMAL);
      return null;
    }
  }

  /** @param {WireEvent} event */
  async #change(event) {
    const { ref } = event;
    const { method, path, body } = REQUESTS[event.type](event);
    try {
      await this.#request(method, path, body, { signal: this.signal });
      this.deliver({ type: SERVER_EVENT.ACK, ref });
    } catch (error) {
      const { code, message: detail, retryAfter } = asApiError(error);
      this.deliver({ type: SERVER_EVENT.REJECTED, ref, code, detail, retry_after: retryAfter });
    }
  }
}
