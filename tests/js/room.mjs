// A room socket over fakes, and the server's words in short. Must not hold tests.

import { RoomSocket } from "../../chat/static/chat/connection/room-socket.js";
import { Clock, Storage, fakeWebSocket } from "./fakes.mjs";

const EVENTS = [
  "joined", "message", "acked", "rejected", "synced", "page", "presence", "typing", "read", "announcement", "reset",
  "outbox", "status", "task",
];

export const message = (id, offset = id, more = {}) => ({
  type: "message", id, offset, ref: `m${id}`, author: { handle: "bob" }, body: `body ${offset}`, html: "", reactions: {}, ...more,
});

export class Room {
  constructor({ storage = new Storage(), handle = "alice", random = () => 0.5, Poll } = {}) {
    this.clock = new Clock();
    this.storage = storage;
    this.WebSocket = fakeWebSocket();
    this.heard = [];
    this.socket = new RoomSocket({
      slug: "general", url: "ws://here/chat/general/", handle, storage, random,
      WebSocket: this.WebSocket, Poll, timers: this.clock.timers, now: this.clock.now,
    });
    for (const type of EVENTS) {
      this.socket.addEventListener(type, ({ detail }) => this.heard.push([type, detail]));
    }
  }

  get line() {
    return this.WebSocket.last;
  }

  get attempts() {
    return this.WebSocket.all.length;
  }

  of(type) {
    return this.heard.filter(([name]) => name === type).map(([, detail]) => detail);
  }

  get drawn() {
    return this.of("message").map(({ id, offset }) => [id, offset]);
  }

  join(more = {}) {
    this.line.accept();
    this.line.say({ type: "joined", you: { handle: "alice", role: "member" }, offset: 0, present: [], count: 1, ...more });
  }

  /** Opened, joined, and in possession of everything up to `offset`. */
  arrive(offset = 0) {
    this.socket.open();
    this.join();
    for (let id = 1; id <= offset; id += 1) this.line.say(message(id));
    this.line.say({ type: "synced", offset, more: false });
    return this;
  }

  say(event) {
    this.line.say(event);
  }

  synced(offset, more = false) {
    this.say({ type: "synced", offset, more });
  }
}
