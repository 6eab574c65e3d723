// Tests of long polling with the interface of a WebSocket: its requests, its events, and how it ends.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError } from "../../chat/static/chat/connection/api.js";
import { LongPolling } from "../../chat/static/chat/connection/long-polling.js";
import { Clock, settle } from "./fakes.mjs";

const ROOM = "/api/rooms/general/poll/";
const joined = { type: "joined", present: [{ handle: "alice" }, { handle: "bob" }], count: 2 };
const synced = (offset, more = {}) => ({ type: "synced", offset, more: false, ...more });
const message = (offset) => ({ type: "message", id: offset, offset });

/** The server of one polling client (`poll`). Every request waits until the test answers it. */
class Server {
  clock = new Clock();
  requests = [];
  received = [];
  page = Object.assign(new EventTarget(), { hidden: false });

  constructor(url = "ws://here/chat/general/") {
    const request = (method, path, body, options) =>
      new Promise((resolve, reject) => {
        this.requests.push({ method, path, body, options, resolve, reject });
        options.signal?.addEventListener("abort", () => reject(new ApiError(0, { code: "unavailable" })));
      });
    this.poll = new LongPolling(url, { request, page: this.page, timers: this.clock.timers });
    this.poll.onopen = () => this.received.push("open");
    this.poll.onmessage = ({ data }) => this.received.push(JSON.parse(data));
    this.poll.onclose = ({ code }) => this.received.push(code);
  }

  get last() {
    return this.requests.at(-1);
  }

  get types() {
    return this.received.map((event) => event.type ?? event);
  }

  requestsOf(method) {
    return this.requests.filter((request) => request.method === method);
  }

  async answer(events, more = {}, request = this.last) {
    request.resolve({ events, ...more });
    await settle();
  }

  async refuse(status, answer, request = this.last) {
    request.reject(new ApiError(status, answer));
    await settle();
  }

  /** Answers the first request. The client then sends the next request. */
  async join(offset = 3) {
    await this.answer([joined, synced(offset)], { poll: "p1" });
    return this;
  }
}

const queryOf = ({ path }) => Object.fromEntries(new URL(path, "http://here").searchParams);

test("the first request has the query of the websocket's address, and events follow onopen", async () => {
  const server = new Server("wss://here/chat/general/?cursor=7");
  assert.equal(server.last.path, `${ROOM}?cursor=7`);
  assert.deepEqual(server.received, []);
  await server.join();
  assert.deepEqual(server.received, ["open", joined, synced(3)]);
});

test("without a cursor the first request has no query", () => {
  assert.equal(new Server().last.path, ROOM);
});

test("each request continues from the cursor", async () => {
  const server = await new Server().join(3);
  assert.deepEqual(queryOf(server.last), { poll: "p1", cursor: "3", present: "2" });
  await server.answer([message(4)]);
  assert.deepEqual(queryOf(server.last), { poll: "p1", cursor: "4", present: "2" });
  await server.answer([message(6)]);
  assert.equal(queryOf(server.last).cursor, "4");
  await server.answer([message(6), synced(6)]);
  assert.equal(queryOf(server.last).cursor, "6");
  await server.answer([message(1), synced(1, { reset: true })]);
  assert.equal(queryOf(server.last).cursor, "1");
});

test("each request carries the number of people that the client knows", async () => {
  const server = await new Server().join();
  await server.answer([{ type: "presence", came: ["carol", "dave"], went: ["bob"], count: 9 }]);
  assert.equal(queryOf(server.last).present, "3");
  await server.answer([{ type: "presence", came: [], went: [], count: 1, present: [{ handle: "alice" }] }]);
  assert.equal(queryOf(server.last).present, "1");
});

test("frames sent at the same moment share one request, and later frames wait for its answer", async () => {
  const server = await new Server().join();
  for (const number of [1, 2, 3]) server.poll.send(JSON.stringify({ type: "post", ref: `r${number}` }));
  await settle();
  server.poll.send('{"type":"post","ref":"r4"}');
  await settle();
  const [first, second] = server.requestsOf("POST");
  assert.equal(second, undefined);
  assert.equal(first.path, `${ROOM}?poll=p1`);
  assert.deepEqual(first.body.map(({ ref }) => ref), ["r1", "r2", "r3"]);
  await server.answer([{ type: "ack", ref: "r1" }], {}, first);
  assert.deepEqual(server.received.at(-1), { type: "ack", ref: "r1" });
  assert.deepEqual(server.requestsOf("POST")[1].body.map(({ ref }) => ref), ["r4"]);
  assert.equal(server.requestsOf("GET").length, 2);
});

test("a request carries at most 50 frames", async () => {
  const server = await new Server().join();
  for (let number = 0; number < 120; number += 1) server.poll.send("{}");
  await settle();
  for (const size of [50, 50, 20]) {
    assert.equal(server.last.body.length, size);
    await server.answer([]);
  }
});

for (const [status, answer, code] of [
  [401, { code: "not_signed_in", close: 4401 }, 4401],
  [401, { code: "not_signed_in" }, 4401],
  [403, { code: "forbidden", close: 4403 }, 4403],
  [404, { code: "not_found", close: 4404 }, 4404],
  [413, { code: "too_large", close: 1009 }, 1009],
  [503, { code: "unavailable" }, 1006],
  [500, { code: "internal" }, 1006],
  [0, { code: "unavailable" }, 1006],
]) {
  for (const when of ["first", "second"]) {
    test(`status ${status} ${answer.code} for the ${when} request becomes close code ${code}`, async () => {
      const server = new Server();
      if (when === "second") await server.join();
      const number = server.requests.length;
      await server.refuse(status, { detail: "Why", ...answer });
      assert.equal(server.received.at(-1), code);
      assert.equal(server.requests.length, number);
    });
  }
}

test("status 429 becomes a rejected event and a close code", async () => {
  const server = new Server();
  await server.refuse(429, { code: "rate_limited", detail: "Wait", retry_after: 7 });
  const event = { type: "rejected", ref: null, code: "rate_limited", detail: "Wait", retry_after: 7 };
  assert.deepEqual(server.received, [event, 1013]);
  const flooding = await new Server().join();
  await flooding.refuse(429, { code: "rate_limited", detail: "Wait", retry_after: 10, close: 4429 });
  assert.deepEqual(flooding.received.slice(-1), [4429]);
});

test("a close in an answer follows the events of the answer, and ends the connection", async () => {
  const server = await new Server().join();
  server.poll.send("{}");
  await settle();
  await server.answer([{ type: "ack", ref: "r1" }], { close: 4429 });
  assert.deepEqual(server.received.slice(-2), [{ type: "ack", ref: "r1" }, 4429]);
  assert.equal(server.requestsOf("GET").at(-1).options.signal.aborted, true);
});

test("a request with an outdated CSRF token is repeated once", async () => {
  const server = await new Server().join();
  server.poll.send("{}");
  await settle();
  await server.refuse(403, { code: "csrf_failed" });
  assert.equal(server.requestsOf("POST").length, 2);
  await server.answer([{ type: "ack", ref: "r1" }]);
  assert.equal(server.types.at(-1), "ack");
  server.poll.send("{}");
  await settle();
  await server.refuse(403, { code: "csrf_failed" });
  await server.refuse(403, { code: "csrf_failed" });
  assert.equal(server.types.at(-1), 1006);
});

test("a poll without an answer ends the connection after 35 s", async () => {
  const server = await new Server().join();
  server.clock.advance(34_999);
  assert.equal(server.types.at(-1), "synced");
  server.clock.advance(1);
  await settle();
  assert.deepEqual(server.types.slice(-1), [1006]);
});

test("a sent frame without an answer ends the connection after 15 s", async () => {
  const server = await new Server().join();
  server.poll.send("{}");
  await settle();
  server.clock.advance(15_000);
  assert.equal(server.types.at(-1), 1006);
});

test("closing ends the poll on the server, and no later event is delivered", async () => {
  const server = await new Server().join();
  const waiting = server.last;
  server.poll.close();
  await settle();
  assert.equal(waiting.options.signal.aborted, true);
  const [deletion] = server.requestsOf("DELETE");
  assert.equal(deletion.path, `${ROOM}?poll=p1`);
  assert.equal(deletion.options.keepalive, true);
  await server.answer([message(9)], {}, waiting);
  assert.equal(server.types.at(-1), "synced");
  server.poll.close();
  assert.equal(server.requestsOf("DELETE").length, 1);
});

test("closing in the middle of an answer drops the rest of the answer", async () => {
  const server = new Server();
  server.poll.onmessage = ({ data }) => {
    server.received.push(JSON.parse(data));
    server.poll.close();
  };
  await server.join();
  assert.deepEqual(server.types, ["open", "joined"]);
});

test("a hidden page does not keep a request open, and polls at once when it becomes visible", async () => {
  const server = await new Server().join();
  server.page.hidden = true;
  await server.answer([synced(3)]);
  assert.equal(server.requestsOf("GET").length, 2);
  server.clock.advance(10_000);
  await settle();
  assert.equal(queryOf(server.last).wait, "0");
  await server.answer([synced(3)]);
  server.page.hidden = false;
  server.page.dispatchEvent(new Event("visibilitychange"));
  await settle();
  assert.equal(server.requestsOf("GET").length, 4);
  assert.equal(queryOf(server.last).wait, undefined);
});

test("only rooms can be polled", () => {
  assert.equal(LongPolling.serves("ws://here/chat/general/?cursor=3"), true);
  assert.equal(LongPolling.serves("ws://here/lobby/"), false);
});
