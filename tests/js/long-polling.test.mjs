// Long polling with the outside of a WebSocket: what is asked, what is told, and when it is over.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Refusal } from "../../chat/static/chat/connection/api.js";
import { Poll } from "../../chat/static/chat/connection/long-polling.js";
import { Clock } from "./fakes.mjs";

const ROOM = "/api/rooms/general/poll/";
const joined = { type: "joined", present: [{ handle: "alice" }, { handle: "bob" }], count: 2 };
const synced = (offset, more = {}) => ({ type: "synced", offset, more: false, ...more });
const message = (offset) => ({ type: "message", id: offset, offset });

/** A poll, and the server that it asks: every question waits until it is answered. */
class Server {
  clock = new Clock();
  questions = [];
  heard = [];
  page = Object.assign(new EventTarget(), { hidden: false });

  constructor(url = "ws://here/chat/general/") {
    const ask = (method, path, body, options) =>
      new Promise((resolve, reject) => {
        this.questions.push({ method, path, body, options, resolve, reject });
        options.signal?.addEventListener("abort", () => reject(new Refusal(0, { code: "unavailable" })));
      });
    this.poll = new Poll(url, { ask, page: this.page, timers: this.clock.timers });
    this.poll.onopen = () => this.heard.push("open");
    this.poll.onmessage = ({ data }) => this.heard.push(JSON.parse(data));
    this.poll.onclose = ({ code }) => this.heard.push(code);
  }

  get last() {
    return this.questions.at(-1);
  }

  get types() {
    return this.heard.map((event) => event.type ?? event);
  }

  of(method) {
    return this.questions.filter((question) => question.method === method);
  }

  async answer(events, more = {}, question = this.last) {
    question.resolve({ events, ...more });
    await settle();
  }

  async refuse(status, answer, question = this.last) {
    question.reject(new Refusal(status, answer));
    await settle();
  }

  /** In the room, and with its next question under way. */
  async arrive(offset = 3) {
    await this.answer([joined, synced(offset)], { poll: "p1" });
    return this;
  }
}

const settle = () => new Promise((resolve) => setImmediate(resolve));
const asked = ({ path }) => Object.fromEntries(new URL(path, "http://here").searchParams);

test("the first question is the socket's address, and what is told comes after onopen", async () => {
  const server = new Server("wss://here/chat/general/?cursor=7");
  assert.equal(server.last.path, `${ROOM}?cursor=7`);
  assert.deepEqual(server.heard, []);
  await server.arrive();
  assert.deepEqual(server.heard, ["open", joined, synced(3)]);
});

test("without a cursor nothing stands behind the path", () => {
  assert.equal(new Server().last.path, ROOM);
});

test("it goes on asking from where it is", async () => {
  const server = await new Server().arrive(3);
  assert.deepEqual(asked(server.last), { poll: "p1", cursor: "3", present: "2" });
  await server.answer([message(4)]);
  assert.deepEqual(asked(server.last), { poll: "p1", cursor: "4", present: "2" });
  await server.answer([message(6)]);
  assert.equal(asked(server.last).cursor, "4");
  await server.answer([message(6), synced(6)]);
  assert.equal(asked(server.last).cursor, "6");
  await server.answer([message(1), synced(1, { reset: true })]);
  assert.equal(asked(server.last).cursor, "1");
});

test("it knows how many it knows of", async () => {
  const server = await new Server().arrive();
  await server.answer([{ type: "presence", came: ["carol", "dave"], went: ["bob"], count: 9 }]);
  assert.equal(asked(server.last).present, "3");
  await server.answer([{ type: "presence", came: [], went: [], count: 1, present: [{ handle: "alice" }] }]);
  assert.equal(asked(server.last).present, "1");
});

test("what is said in one breath is one question, and the next waits for its answer", async () => {
  const server = await new Server().arrive();
  for (const number of [1, 2, 3]) server.poll.send(JSON.stringify({ type: "post", ref: `r${number}` }));
  await settle();
  server.poll.send('{"type":"post","ref":"r4"}');
  await settle();
  const [first, second] = server.of("POST");
  assert.equal(second, undefined);
  assert.equal(first.path, `${ROOM}?poll=p1`);
  assert.deepEqual(first.body.map(({ ref }) => ref), ["r1", "r2", "r3"]);
  await server.answer([{ type: "ack", ref: "r1" }], {}, first);
  assert.deepEqual(server.heard.at(-1), { type: "ack", ref: "r1" });
  assert.deepEqual(server.of("POST")[1].body.map(({ ref }) => ref), ["r4"]);
  assert.equal(server.of("GET").length, 2);
});

test("many frames go in several questions", async () => {
  const server = await new Server().arrive();
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
  for (const when of ["first", "later"]) {
    test(`${status} ${answer.code} is told as a close with ${code}, ${when}`, async () => {
      const server = new Server();
      if (when === "later") await server.arrive();
      const number = server.questions.length;
      await server.refuse(status, { detail: "Why", ...answer });
      assert.equal(server.heard.at(-1), code);
      assert.equal(server.questions.length, number);
    });
  }
}

test("too much at once is told as a socket tells it", async () => {
  const server = new Server();
  await server.refuse(429, { code: "rate_limited", detail: "Wait", retry_after: 7 });
  const event = { type: "rejected", ref: null, code: "rate_limited", detail: "Wait", retry_after: 7 };
  assert.deepEqual(server.heard, [event, 1013]);
  const flooding = await new Server().arrive();
  await flooding.refuse(429, { code: "rate_limited", detail: "Wait", retry_after: 10, close: 4429 });
  assert.deepEqual(flooding.heard.slice(-1), [4429]);
});

test("a close in an answer comes after what was said, and ends all", async () => {
  const server = await new Server().arrive();
  server.poll.send("{}");
  await settle();
  await server.answer([{ type: "ack", ref: "r1" }], { close: 4429 });
  assert.deepEqual(server.heard.slice(-2), [{ type: "ack", ref: "r1" }, 4429]);
  assert.equal(server.of("GET").at(-1).options.signal.aborted, true);
});

test("with an outdated key it asks once more", async () => {
  const server = await new Server().arrive();
  server.poll.send("{}");
  await settle();
  await server.refuse(403, { code: "csrf_failed" });
  assert.equal(server.of("POST").length, 2);
  await server.answer([{ type: "ack", ref: "r1" }]);
  assert.equal(server.types.at(-1), "ack");
  server.poll.send("{}");
  await settle();
  await server.refuse(403, { code: "csrf_failed" });
  await server.refuse(403, { code: "csrf_failed" });
  assert.equal(server.types.at(-1), 1006);
});

test("a question that nobody answers ends it", async () => {
  const server = await new Server().arrive();
  server.clock.pass(34_999);
  assert.equal(server.types.at(-1), "synced");
  server.clock.pass(1);
  await settle();
  assert.deepEqual(server.types.slice(-1), [1006]);
});

test("what was said and is not answered ends it sooner", async () => {
  const server = await new Server().arrive();
  server.poll.send("{}");
  await settle();
  server.clock.pass(15_000);
  assert.equal(server.types.at(-1), 1006);
});

test("closed by its owner it says farewell, hears no more and tells nothing", async () => {
  const server = await new Server().arrive();
  const waiting = server.last;
  server.poll.close();
  await settle();
  assert.equal(waiting.options.signal.aborted, true);
  const [farewell] = server.of("DELETE");
  assert.equal(farewell.path, `${ROOM}?poll=p1`);
  assert.equal(farewell.options.keepalive, true);
  await server.answer([message(9)], {}, waiting);
  assert.equal(server.types.at(-1), "synced");
  server.poll.close();
  assert.equal(server.of("DELETE").length, 1);
});

test("closed in the middle of an answer it tells no more of it", async () => {
  const server = new Server();
  server.poll.onmessage = ({ data }) => {
    server.heard.push(JSON.parse(data));
    server.poll.close();
  };
  await server.arrive();
  assert.deepEqual(server.types, ["open", "joined"]);
});

test("a page that nobody looks at holds no line, and asks at once when somebody does", async () => {
  const server = await new Server().arrive();
  server.page.hidden = true;
  await server.answer([synced(3)]);
  assert.equal(server.of("GET").length, 2);
  server.clock.pass(10_000);
  await settle();
  assert.equal(asked(server.last).wait, "0");
  await server.answer([synced(3)]);
  server.page.hidden = false;
  server.page.dispatchEvent(new Event("visibilitychange"));
  await settle();
  assert.equal(server.of("GET").length, 4);
  assert.equal(asked(server.last).wait, undefined);
});

test("only rooms can be polled", () => {
  assert.equal(Poll.serves("ws://here/chat/general/?cursor=3"), true);
  assert.equal(Poll.serves("ws://here/lobby/"), false);
});
