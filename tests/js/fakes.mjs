// A clock, a WebSocket and a storage that tests control, and a wait for promises. Must not know the protocol.

export class Clock {
  time = 1_000_000;
  #timers = new Map();
  #next = 1;
  timers = {
    setTimeout: (callback, delay) => {
      this.#timers.set(this.#next, { at: this.time + Math.max(0, delay), callback });
      return this.#next++;
    },
    clearTimeout: (timer) => this.#timers.delete(timer),
  };
  now = () => this.time;

  /** Moves the time forward, and runs the timers that fall due, in their order. */
  advance(milliseconds) {
    const end = this.time + milliseconds;
    for (let due = this.#due(end); due; due = this.#due(end)) {
      const [timer, { at, callback }] = due;
      this.#timers.delete(timer);
      this.time = Math.max(this.time, at);
      callback();
    }
    this.time = end;
  }

  #due(end) {
    const due = [...this.#timers].filter(([, { at }]) => at <= end);
    return due.sort(([firstId, first], [secondId, second]) => first.at - second.at || firstId - secondId)[0];
  }
}

/** Resolves when all promises that are ready have run their reactions. */
export const settle = () => new Promise((resolve) => { setImmediate(resolve); });

export class MemoryStorage {
  values = new Map();
  getItem = (key) => this.values.get(key) ?? null;
  setItem = (key, value) => void this.values.set(key, value);
  removeItem = (key) => void this.values.delete(key);
}

/** Returns a WebSocket class that remembers each of its instances. */
export function makeFakeWebSocket() {
  return class FakeWebSocket {
    static all = [];
    static get last() {
      return this.all.at(-1);
    }
    sent = [];
    isClosed = false;

    constructor(url) {
      this.url = url;
      FakeWebSocket.all.push(this);
    }
    send(text) {
      this.sent.push(JSON.parse(text));
    }
    close() {
      this.isClosed = true;
    }
    accept() {
      this.onopen?.({});
    }
    deliver(event) {
      this.onmessage?.({ data: typeof event === "string" ? event : JSON.stringify(event) });
    }
    disconnect(code) {
      this.onclose?.({ code });
    }
    sentOf(type) {
      return this.sent.filter((event) => event.type === type);
    }
  };
}
