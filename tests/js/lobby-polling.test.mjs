// Tests of the lobby by requests of the API, with the interface of a WebSocket.

import assert from "node:assert/strict";
import test from "node:test";

import { ApiError } from "../../chat/static/chat/connection/api.js";
import { LobbyPolling, POLL_MS } from "../../chat/static/chat/connection/lobby-polling.js";
import { ReconnectingConnection } from "../../chat/static/chat/connection/reconnecting-connection.js";
import { Clock, settle } from "./fakes.mjs";

const announcement = (id) => ({ id, text: `Announcement ${id}`, level: "info" });

/** Opens the lobby of a server that answers with `server.answer`: a list of announcements, or an error. */
async function open(answer = []) {
  const clock = new Clock();
  const server = { answer, requests: [] };
  const page = { hidden: false };
  const request = async (method, path, ...[, { signal }]) => {
    server.requests.push(`${method} ${path}`);
    await settle();
    if (signal.aborted) throw new ApiError(0);
    if (server.answer instanceof Error) throw server.answer;
    return { announcements: server.answer };
  };
  const polling = new LobbyPolling("ws://here/lobby/", { page, request, timers: clock.timers });
  const received = [];
  polling.onopen = () => received.push("open");
  polling.onmessage = ({ data }) => received.push(JSON.parse(data));
  polling.onclose = ({ code }) => received.push(code);
  const pass = async (milliseconds = POLL_MS) => {
    clock.advance(milliseconds);
    await settle();
    await settle();
  };
  await pass(0);
  return { polling, received, server, page, pass };
}

test("only the lobby is served", () => {
  assert.deepEqual(["ws://here/lobby/", "ws://here/me/"].map((url) => LobbyPolling.serves(url)), [true, false]);
  assert.throws(() => new LobbyPolling("ws://here/me/"), RangeError);
});

test("each poll tells the page to fetch its list", async () => {
  const { polling, received, pass } = await open();
  assert.deepEqual(received, ["open"]);
  await pass();
  await pass();
  assert.deepEqual(received, ["open", { type: "updated" }, { type: "updated" }]);
  polling.close();
});

test("new announcements arrive once, and those that are over are removed", async () => {
  const { received, server, pass } = await open([announcement(1)]);
  server.answer = [announcement(1), announcement(2)];
  await pass();
  server.answer = [announcement(2)];
  await pass();
  assert.deepEqual(received, [
    "open", { ...announcement(1), type: "announcement" },
    { ...announcement(2), type: "announcement" }, { type: "updated" },
    { type: "dismissed", id: 1 }, { type: "updated" },
  ]);
});

test("a hidden page asks for nothing", async () => {
  const { received, server, page, pass } = await open();
  page.hidden = true;
  await pass();
  assert.equal(server.requests.length, 1);
  page.hidden = false;
  await pass();
  assert.deepEqual(received, ["open", { type: "updated" }]);
});

test("a closed lobby asks for nothing and delivers nothing", async () => {
  const { polling, received, server, pass } = await open();
  polling.close();
  await pass();
  assert.deepEqual([received, server.requests.length], [["open"], 1]);
});

for (const [status, code] of [[429, 1013], [503, 1006], [0, 1006]]) {
  test(`a refusal with the status ${status} closes with ${code}`, async () => {
    const { received, server, pass } = await open();
    server.answer = new ApiError(status);
    await pass();
    assert.deepEqual(received, ["open", code]);
    await pass();
    assert.equal(server.requests.length, 2);
  });
}

test("the lobby polls after two websockets that did not open", async () => {
  const clock = new Clock();
  const opened = [];
  class Blocked {
    constructor() {
      opened.push("websocket");
      queueMicrotask(() => this.onclose({ code: 1006 }));
    }
    close() {}
  }
  class Polling extends LobbyPolling {
    constructor(url) {
      super(url, { request: async () => ({ announcements: [] }), timers: clock.timers });
      opened.push("polling");
    }
  }
  const frames = [];
  const connection = new ReconnectingConnection(() => "ws://here/lobby/", {
    frame: (text) => frames.push(text), opened: () => connection.markUseful(),
  }, { WebSocket: Blocked, LongPolling: Polling, timers: clock.timers, now: clock.now, random: () => 0.5 });
  connection.open();
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await settle();
    clock.advance(1_000);
  }
  await settle();
  clock.advance(POLL_MS);
  await settle();
  assert.deepEqual(opened, ["websocket", "websocket", "polling"]);
  assert.deepEqual(frames, ['{"type":"updated"}']);
  connection.close();
});
