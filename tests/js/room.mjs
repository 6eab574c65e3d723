// A room's socket over fakes, with short helpers for the server's events. Must not hold tests.

import { RoomSocket } from "../../chat/static/chat/connection/room-socket.js";
import { Clock, MemoryStorage, makeFakeWebSocket } from "./fakes.mjs";

const EVENTS = [
  "joined", "message", "acked", "rejected", "synced", "page", "presence", "typing", "read", "announcement", "reset",
  "outbox", "status", "silence", "task", "outside", "first view",
];

export const message = (id, offset = id, more = {}) => ({
  type: "message", id, offset, ref: `m${id}`, author: { handle: "bob" }, body: `body ${offset}`, html: "", reactions: {}, ...more,
});

export class Room {
  constructor({ storage = new MemoryStorage(), handle = "alice", person, random = () => 0.5, LongPolling, firstView } = {}) {
    this.clock = new Clock();
    this.storage = storage;
    this.WebSocket = makeFakeWebSocket();
    this.emitted = [];
    this.socket = new RoomSocket({
      slug: "general", url: "ws://here/chat/general/", handle, person, storage, random, firstView,
      WebSocket: this.WebSocket, LongPolling, timers: this.clock.timers, now: this.clock.now,
    });
    for (const type of EVENTS) this.socket.on(type, (detail) => this.emitted.push([type, detail]));
  }

  /** The newest connection. */
  get transport() {
    return this.WebSocket.last;
  }

  get attempts() {
    return this.WebSocket.all.length;
  }

  get changes() {
    return this.socket.changes;
  }

  /** The details of all events of this type that the socket emitted. */
  emittedOf(type) {
    return this.emitted.filter(([name]) => name === type).map(([, detail]) => detail);
  }

  get drawn() {
    return this.emittedOf("message").map(({ id, offset }) => [id, offset]);
  }

  join(more = {}) {
    this.transport.accept();
    this.deliver({ type: "joined", you: { handle: "alice", role: "member" }, offset: 0, present: [], count: 1, ...more });
  }

  /** Opens, joins, and receives everything up to `offset`. */
  joinAt(offset = 0) {
    this.socket.open();
    this.join();
    for (let id = 1; id <= offset; id += 1) this.deliver(message(id));
    this.synced(offset);
    return this;
  }

  /** Delivers an event as if the server had sent it. */
  deliver(event) {
    this.transport.deliver(event);
  }

  synced(offset, more = false) {
    this.deliver({ type: "synced", offset, more });
  }
}
