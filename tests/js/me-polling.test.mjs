// Tests of a person's own stream by requests of the API, with the interface of a WebSocket.

import assert from "node:assert/strict";
import test from "node:test";

import { ApiError } from "../../chat/static/chat/connection/api.js";
import { MePolling } from "../../chat/static/chat/connection/me-polling.js";
import { MeSocket } from "../../chat/static/chat/connection/me-socket.js";
import { Clock, settle } from "./fakes.mjs";

/** Returns a server that answers each request with `answers[path]`, and refuses the request if that is an error. */
function makeServer(answers) {
  const requests = [];
  const request = async (method, path, body, { signal }) => {
    requests.push([method, path, body]);
    await settle();
    if (signal.aborted) throw new ApiError(0);
    const answer = answers[path] ?? null;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { requests, request, answers };
}

async function open(answers = { "/api/workspace/": { rooms: [{ slug: "a" }] } }) {
  const server = makeServer(answers);
  const polling = new MePolling("ws://here/me/", server);
  const received = [];
  polling.onopen = () => received.push("open");
  polling.onmessage = ({ data }) => received.push(JSON.parse(data));
  polling.onclose = ({ code }) => received.push(code);
  await settle();
  await settle();
  return { ...server, polling, received };
}

test("only the person's own stream is served", () => {
  assert.deepEqual(["ws://here/me/?announced=3", "ws://here/chat/a/"].map((url) => MePolling.serves(url)), [true, false]);
  assert.throws(() => new MePolling("ws://here/chat/a/"), RangeError);
});

test("the rooms are read when the stream opens, and at each heartbeat", async () => {
  const { polling, received, answers } = await open();
  assert.deepEqual(received, ["open", { type: "workspace", rooms: [{ slug: "a" }] }]);
  answers["/api/workspace/"] = { rooms: [] };
  polling.send('{"type": "sync", "posts": 7}');
  await settle();
  await settle();
  assert.deepEqual(received.slice(2), [{ type: "workspace", rooms: [] }, { type: "synced" }]);
});

test("each change is a request, and its response becomes an ack or a rejected", async () => {
  const { polling, received, requests, answers } = await open();
  answers["/api/rooms/b/membership/"] = new ApiError(403, { code: "forbidden", detail: "No." });
  polling.send('{"type": "read", "room": "a", "offset": 5}');
  polling.send('{"type": "level", "ref": "r1", "room": "a", "level": "none"}');
  polling.send('{"type": "favourite", "ref": "r2", "room": "b", "on": true}');
  polling.send('{"type": "read_all", "ref": "r3"}');
  await settle();
  await settle();
  assert.deepEqual(requests.slice(1), [
    ["POST", "/api/rooms/a/read/", { offset: 5 }],
    ["PUT", "/api/rooms/a/membership/", { level: "none" }],
    ["PUT", "/api/rooms/b/membership/", { favourite: true, position: undefined }],
    ["POST", "/api/read/", undefined],
  ]);
  assert.deepEqual(received.slice(3), [
    { type: "ack", ref: "r1" }, { type: "rejected", ref: "r2", code: "forbidden", detail: "No." }, { type: "ack", ref: "r3" },
  ]);
});

for (const [status, code] of [[401, 4401], [404, 4404], [429, 1013], [503, 1006], [0, 1006]]) {
  test(`a refusal with the status ${status} closes with ${code}`, async () => {
    const { received } = await open({ "/api/workspace/": new ApiError(status) });
    assert.deepEqual(received, [code]);
  });
}

test("a closed connection delivers nothing more", async () => {
  const { polling, received } = await open();
  polling.send('{"type": "sync"}');
  polling.close();
  await settle();
  await settle();
  assert.equal(received.length, 2);
});

test("the stream polls after two websockets that did not open", async () => {
  const clock = new Clock();
  const opened = [];
  class Blocked {
    constructor() {
      opened.push("websocket");
      queueMicrotask(() => this.onclose({ code: 1006 }));
    }
    close() {}
  }
  class Polling extends MePolling {
    constructor(url) {
      super(url, makeServer({ "/api/workspace/": { rooms: [] } }));
      opened.push("polling");
    }
  }
  const socket = new MeSocket({
    url: "ws://here/me/", WebSocket: Blocked, LongPolling: Polling, timers: clock.timers, now: clock.now, random: () => 0.5,
  });
  const events = [];
  socket.on("workspace", (event) => events.push(event));
  socket.open();
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await settle();
    clock.advance(1_000);
  }
  await settle();
  await settle();
  assert.deepEqual(opened, ["websocket", "websocket", "polling"]);
  assert.deepEqual(events, [{ type: "workspace", rooms: [] }]);
  socket.close();
});
