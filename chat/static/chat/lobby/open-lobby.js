// @ts-check
// The list of all rooms on the page: keeps the list and the announcements up to date. Must not draw them.

import { socketUrl } from "../connection/environment.js";
import { LobbyPolling } from "../connection/lobby-polling.js";
import { ReconnectingConnection } from "../connection/reconnecting-connection.js";
import { Refresher } from "../connection/refresher.js";
import { SERVER_EVENT } from "../connection/wire.js";
import { byId } from "../ui/dom.js";
import { onReturn } from "../ui/page-return.js";
import { Scope } from "../ui/scope.js";
import { LobbyAnnouncements } from "./announcements.js";
import { RoomList } from "./room-list.js";

const SEARCH_DELAY_MS = 250;
// "updated" may be lost, like every broadcast. After this time the page fetches the list anyway.
const STALE_AFTER_MS = 300_000;

/**
 * Opens the lobby whose elements are on the page, and returns it.
 * @param {import("./room-list.js").MakeTools} [makeTools]
 */
export function openLobby(makeTools = () => null) {
  const lobby = new Lobby(makeTools);
  lobby.open();
  return lobby;
}

export class Lobby {
  #scope = new Scope();
  #search = byId("room-search", HTMLInputElement);
  /** The checkbox "Archived rooms"; null for people who are not signed in. */
  #archived = document.querySelector("#archived-rooms");
  #announcements = new LobbyAnnouncements(this.#scope);
  #refresher = new Refresher(() => this.#refresh(), () => document.hidden || !this.#scope.isActive);
  #requests = 0;
  #isFirstConnection = true;
  /** @type {RoomList} */
  #list;
  #connection = new ReconnectingConnection(() => socketUrl("/lobby/"), {
    frame: (text) => this.#receive(text),
    opened: () => this.#opened(),
  }, { LongPolling: LobbyPolling, page: document });

  /** @param {import("./room-list.js").MakeTools} makeTools */
  constructor(makeTools) {
    this.#list = new RoomList(makeTools);
    this.#search.addEventListener("input", () => this.#refresher.fetchAfter(SEARCH_DELAY_MS));
    this.#archived?.addEventListener("change", () => this.#refresher.fetchAfter(0));
    this.#scope.whileActive((signal) => {
      onReturn(() => this.#returned(), signal);
      const timer = setInterval(() => this.#stale(), STALE_AFTER_MS);
      signal.addEventListener("abort", () => clearInterval(timer));
    });
  }

  open() {
    this.#connection.open();
  }

  /** Closes the connection and ends all listeners and timers, because the lobby leaves the page. */
  suspend() {
    this.#scope.suspend();
    this.#connection.close();
  }

  /** Connects again, because the lobby is on the page again. */
  resume() {
    this.#scope.resume();
    this.#connection.open();
    this.#refresher.fetchAfter(0);
  }

  /** Ends the lobby permanently. */
  close() {
    if (this.#scope.isActive) this.suspend();
    this.#scope.close();
  }

  /** Fetches the list now. */
  refresh() {
    this.#refresher.fetchAfter(0);
  }

  /** Draws the list again, because the buttons beside the rooms may have changed. */
  redraw() {
    this.#list.redraw();
  }

  async #refresh() {
    this.#requests += 1;
    const number = this.#requests;
    const query = this.#search.value.trim();
    const parameters = new URLSearchParams(query ? { q: query } : {});
    if (this.#archived instanceof HTMLInputElement && this.#archived.checked) parameters.set("archived", "1");
    try {
      const response = await fetch(`/api/rooms/${parameters.size ? `?${parameters}` : ""}`);
      // Answers may arrive in another order than their requests. Only the answer to the last request counts.
      if (number !== this.#requests) return;
      if (response.ok) this.#list.draw(await response.json(), query);
      else this.#refresher.changed();
    } catch {
      // Without a connection the old list stays. The page asks again when the socket reconnects.
    }
  }

  /** @param {string} text */
  #receive(text) {
    let event;
    try {
      event = JSON.parse(text);
    } catch {
      return;
    }
    if (event?.type === SERVER_EVENT.UPDATED) this.#refresher.changed();
    else if (event?.type === SERVER_EVENT.ANNOUNCEMENT) this.#announcements.show(event);
    else if (event?.type === SERVER_EVENT.DISMISSED) this.#announcements.hide(event.id);
  }

  #opened() {
    this.#connection.markUseful();
    // The server did not send changes to this page while it had no connection.
    if (!this.#isFirstConnection) this.#refresher.changed();
    this.#announcements.refresh();
    this.#isFirstConnection = false;
  }

  #returned() {
    this.#connection.reconnectNow();
    this.#refresher.becameVisible();
    this.#announcements.refresh();
  }

  #stale() {
    this.#refresher.changed();
    this.#announcements.refresh();
  }
}
