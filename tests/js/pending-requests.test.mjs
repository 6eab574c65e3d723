// Tests of the requests in a board's waiting room: the client sends each again until it is answered.

import assert from "node:assert/strict";
import { test } from "node:test";

import { PendingRequests } from "../../chat/static/chat/connection/pending-requests.js";
import { Clock, settle } from "./fakes.mjs";

function makeRequests() {
  const clock = new Clock();
  const sent = [];
  return { clock, sent, requests: new PendingRequests(clock.timers, (event) => sent.push(event)) };
}

test("a request resolves with its ack, and is not sent again", async () => {
  const { clock, sent, requests } = makeRequests();
  const answer = requests.request("knock", { handle: "Bob" });
  const [{ ref }] = sent;
  requests.answered({ type: "ack", ref });
  clock.advance(60_000);
  assert.deepEqual(sent, [{ type: "knock", ref, handle: "Bob" }]);
  assert.deepEqual(await answer, { type: "ack", ref });
});

test("a request without an answer is sent again every 5 s, with the same ref", () => {
  const { clock, sent, requests } = makeRequests();
  requests.request("knock", { handle: "Bob" });
  clock.advance(10_000);
  assert.equal(sent.length, 3);
  assert.equal(new Set(sent.map(({ ref }) => ref)).size, 1);
});

test("a new connection sends every unanswered request again at once", () => {
  const { sent, requests } = makeRequests();
  requests.request("admit", { visitor: "v1" });
  requests.request("refuse", { visitor: "v2" });
  requests.sendAgain();
  assert.deepEqual(sent.map(({ type }) => type), ["admit", "refuse", "admit", "refuse"]);
});

test("unavailable is retried after retry_after, also when retry_after equals the answer timeout", async () => {
  for (const seconds of [0.5, 5]) {
    const { clock, sent, requests } = makeRequests();
    let isAnswered = false;
    requests.request("shut", {}).then(() => { isAnswered = true; });
    requests.answered({ type: "rejected", ref: sent[0].ref, code: "unavailable", retry_after: seconds });
    await settle();
    assert.equal(isAnswered, false);
    clock.advance(seconds * 1000 - 1);
    assert.equal(sent.length, 1);
    clock.advance(1);
    assert.equal(sent.length, 2);
  }
});

test("a final refusal resolves the request", async () => {
  const { sent, requests } = makeRequests();
  const answer = requests.request("knock", { handle: "" });
  requests.answered({ type: "rejected", ref: sent[0].ref, code: "empty", detail: "Why" });
  assert.equal((await answer).code, "empty");
});

test("an answer to an unknown ref is ignored", () => {
  const { sent, requests } = makeRequests();
  requests.answered({ type: "ack", ref: "unknown" });
  requests.answered({ type: "rejected", ref: "unknown", code: "unavailable", retry_after: 1 });
  assert.deepEqual(sent, []);
});
