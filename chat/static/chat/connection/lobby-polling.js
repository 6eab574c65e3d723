// @ts-check
// The lobby's socket as requests of the JSON API, with the interface of a WebSocket, for networks that block WebSockets.
// Must not reconnect: reconnecting-connection.js does. Must not read the list of rooms: the page does after `updated`.

import { asApiError, call } from "./api.js";
import { PolledSocket } from "./polled-socket.js";
import { CLOSE, SERVER_EVENT } from "./wire.js";

const PATH = "/lobby/";
export const POLL_MS = 25_000;

/** @typedef {{ id: number }} Announcement */

export class LobbyPolling extends PolledSocket {
  /** @type {typeof call} */
  #request;
  /** @type {import("./environment.js").Timers} */
  #timers;
  /** @type {import("./long-polling.js").Page | null} */
  #page;
  /** @type {any} */
  #timer = null;
  /**
   * The announcements of the last answer.
   * @type {Set<number>}
   */
  #announced = new Set();

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
   * @param {object} [options]
   * @param {import("./long-polling.js").Page | null} [options.page] a hidden page asks for nothing: it fetches its list when
   *   it is visible again
   * @param {typeof call} [options.request] for tests
   * @param {import("./environment.js").Timers} [options.timers] for tests
   */
  constructor(url, { page = null, request = call, timers = globalThis } = {}) {
    if (!LobbyPolling.serves(url)) throw new RangeError(`${url} is not the lobby`);
    super();
    this.#page = page;
    this.#request = request;
    this.#timers = timers;
    this.#open();
  }

  /** Sends nothing: the lobby's socket drops the frames of clients. */
  send() {}

  stop() {
    super.stop();
    this.#timers.clearTimeout(this.#timer);
  }

  async #open() {
    const announcements = await this.#readAnnouncements();
    if (announcements === null) return;
    this.onopen?.({});
    this.#announce(announcements);
    this.#schedule();
  }

  #schedule() {
    this.#timer = this.#timers.setTimeout(() => this.#poll(), POLL_MS);
  }

  /** The API does not tell whether the list of rooms has changed, so each poll counts as a change. */
  async #poll() {
    if (!this.#page?.hidden) {
      const announcements = await this.#readAnnouncements();
      if (announcements === null) return;
      this.#announce(announcements);
      this.deliver({ type: SERVER_EVENT.UPDATED });
    }
    if (!this.hasEnded) this.#schedule();
  }

  /**
   * Returns the announcements, or null when the connection has ended.
   * @returns {Promise<Announcement[] | null>}
   */
  async #readAnnouncements() {
    try {
      const { announcements } = await this.#request("GET", "/api/announcements/current/", undefined, { signal: this.signal });
      return this.hasEnded ? null : announcements;
    } catch (error) {
      this.end(asApiError(error).status === 429 ? CLOSE.OVERLOADED : CLOSE.ABNORMAL);
      return null;
    }
  }

  /** @param {Announcement[]} announcements */
  #announce(announcements) {
    const current = new Set(announcements.map(({ id }) => id));
    for (const id of this.#announced) if (!current.has(id)) this.deliver({ type: SERVER_EVENT.DISMISSED, id });
    for (const announcement of announcements) {
      if (!this.#announced.has(announcement.id)) this.deliver({ ...announcement, type: SERVER_EVENT.ANNOUNCEMENT });
    }
    this.#announced = current;
  }
}
