// @ts-check
// Sends the changes that wait in rooms that are not on the page. So a message is sent even if the person goes to another
// room, or loads the page again, before the server has the message.
// Must not draw: the room shows its own changes when it is on the page again.

import { LOCAL_EVENT } from "../connection/emitter.js";
import { RoomSocket } from "../connection/room-socket.js";

const OUTBOX = /^chat\.outbox\.([a-z0-9-]+)\./;

export class UnsentChanges {
  /** @type {import("../connection/kept-storage.js").KeptStorage} */
  #storage;
  /** @type {string} */
  #person;
  /** @type {Map<string, RoomSocket>} */
  #sockets = new Map();

  /**
   * @param {import("../connection/kept-storage.js").KeptStorage} storage
   * @param {string} person the key of the person
   */
  constructor(storage, person) {
    this.#storage = storage;
    this.#person = person;
  }

  /**
   * Sends what waits in all rooms except the room on the page, which sends its own changes. Ends the connection that this
   * module has to the room on the page.
   * @param {string} handle
   * @param {string | null} open the slug of the room on the page
   */
  send(handle, open) {
    if (open !== null) this.#end(open);
    const names = this.#storage.names.map((name) => OUTBOX.exec(name)?.[1]);
    for (const slug of new Set(names)) {
      if (slug !== undefined && slug !== open && !this.#sockets.has(slug)) this.#start(slug, handle);
    }
  }

  checkConnections() {
    for (const socket of this.#sockets.values()) socket.checkConnection();
  }

  close() {
    for (const slug of [...this.#sockets.keys()]) this.#end(slug);
  }

  /**
   * @param {string} slug
   * @param {string} handle
   */
  #start(slug, handle) {
    const socket = new RoomSocket({ slug, handle, person: this.#person, storage: this.#storage, page: document });
    const hasUnanswered = () => socket.changes.pending.some(({ failed }) => !failed);
    if (!hasUnanswered()) return;
    this.#sockets.set(slug, socket);
    socket.on(LOCAL_EVENT.OUTBOX, () => hasUnanswered() || this.#end(slug));
    socket.open();
  }

  /** @param {string} slug */
  #end(slug) {
    const socket = this.#sockets.get(slug);
    this.#sockets.delete(slug);
    socket?.close();
  }
}
