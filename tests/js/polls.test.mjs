// Tests of the person's own votes in polls whose messages do not contain them.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

globalThis.IntersectionObserver = class { observe() {} };
globalThis.window = new EventTarget();
globalThis.document = Object.assign(new EventTarget(), { hidden: false, documentElement: { lang: "en" } });
const { Polls } = await import("../../chat/static/chat/room/polls.js");

const POLL = { question: "Lunch?", options: [{ text: "Pizza", votes: 1 }, { text: "Sushi", votes: 0 }], multiple: true, closed: false };
const MESSAGE = { id: 7, poll: POLL };
/** What the server says that the person has chosen, and the requests that it got. */
let chosen = [], requests = 0;
/** The events without an answer. */
let pending = [];

function makeButton() {
  const attributes = new Map([["aria-pressed", "false"]]);
  return { getAttribute: (name) => attributes.get(name), setAttribute: (name, value) => attributes.set(name, value) };
}

function openRoom() {
  const buttons = [makeButton(), makeButton()];
  const timeline = { messages: [MESSAGE], get: () => MESSAGE, item: () => ({ querySelectorAll: () => buttons }) };
  const changes = { get pending() { return pending; }, vote: (id, options) => { pending = [{ event: { type: "vote", id, options } }]; } };
  const scope = { whileActive: () => {}, listen: (target, type, listener) => target.addEventListener(type, listener) };
  const polls = new Polls("Alice", { slug: "garden", isBoard: false, changes, timeline, scope });
  return { polls, shown: () => buttons.map((button) => button.getAttribute("aria-pressed") === "true") };
}

async function answered() {
  await new Promise((resolve) => { setTimeout(resolve, 5); });
}

beforeEach(() => {
  [chosen, requests, pending] = [[], 0, []];
  globalThis.fetch = async () => {
    requests += 1;
    return new Response(JSON.stringify({ options: chosen }), { headers: { "Content-Type": "application/json" } });
  };
});

test("the page asks once for the votes of a person, and again when the person returns to it", async () => {
  const { polls, shown } = openRoom();
  chosen = [0];
  polls.drawn(MESSAGE);
  await answered();
  polls.drawn(MESSAGE);
  assert.deepEqual([shown(), requests], [[true, false], 1]);
  // The person votes in another tab, and returns.
  chosen = [1];
  globalThis.window.dispatchEvent(new Event("focus"));
  await answered();
  assert.deepEqual([shown(), requests], [[false, true], 2]);
});

test("an answer does not replace a newer vote", async () => {
  const { polls, shown } = openRoom();
  polls.drawn(MESSAGE);
  polls.choose(7, 0);
  await answered();
  assert.deepEqual(shown(), [true, false]);
  [pending, chosen] = [[], []];
  globalThis.window.dispatchEvent(new Event("focus"));
  polls.voted(7, [0]);
  await answered();
  assert.deepEqual(shown(), [true, false]);
});
