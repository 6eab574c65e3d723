// Tests of the directory of people: what it asks the server, and what it remembers.

import assert from "node:assert/strict";
import test from "node:test";

import { ApiError } from "../../chat/static/chat/connection/api.js";
import { Directory, FRESH_MS, MOST_HANDLES, PAUSE_MS, RETRY_MS } from "../../chat/static/chat/connection/directory.js";
import { Clock, MemoryStorage, settle } from "./fakes.mjs";

function makeDirectory(answer = (handles) => handles.map((handle) => ({ handle, name: `Name of ${handle}` })), storage = undefined) {
  const clock = new Clock();
  const queries = [];
  const fetch = async (query) => {
    const handles = new URLSearchParams(query).getAll("handle");
    queries.push(handles);
    return { people: answer(handles) };
  };
  const directory = new Directory({ fetch, storage, now: clock.now, timers: clock.timers });
  const pass = async (milliseconds) => {
    clock.advance(milliseconds);
    await settle();
  };
  return { directory, queries, pass };
}

test("handles that are shown together share a request, and are asked for once", async () => {
  const { directory, queries, pass } = makeDirectory();
  const changes = [];
  directory.on("people", ({ handles }) => changes.push(handles));
  directory.ask(["alice", "bob"]);
  directory.ask(["bob", "charlie"]);
  assert.equal(queries.length, 0);
  await pass(PAUSE_MS);
  assert.deepEqual(queries, [["alice", "bob", "charlie"]]);
  assert.deepEqual(changes, [["alice", "bob", "charlie"]]);
  assert.equal(directory.nameOf("bob"), "Name of bob");
  directory.ask(["alice"]);
  await pass(PAUSE_MS * 5);
  assert.equal(queries.length, 1);
});

test("a thousand people need ten requests, one in each pause", async () => {
  const { directory, queries, pass } = makeDirectory();
  directory.ask([...Array(1_000).keys()].map((number) => `p${number}`));
  await pass(PAUSE_MS);
  assert.equal(queries.length, 1);
  await pass(PAUSE_MS / 10);
  assert.equal(queries.length, 1);
  for (let round = 0; round < 12; round += 1) await pass(PAUSE_MS);
  assert.deepEqual(queries.map(({ length }) => length), Array(10).fill(MOST_HANDLES));
});

test("long handles need more requests, because the length of an address is limited", async () => {
  const { directory, queries, pass } = makeDirectory();
  directory.ask([...Array(60).keys()].map((number) => `${"東".repeat(30)}${number}`));
  for (let round = 0; round < 5; round += 1) await pass(PAUSE_MS);
  assert.ok(queries.length > 2);
  assert.equal(new Set(queries.flat()).size, 60);
});

test("a handle that nobody has is not asked for again, and a profile is renewed after a while", async () => {
  const { directory, queries, pass } = makeDirectory(() => []);
  directory.ask(["gone"]);
  await pass(PAUSE_MS);
  directory.ask(["gone"]);
  await pass(PAUSE_MS);
  assert.equal(queries.length, 1);
  assert.equal(directory.nameOf("gone"), "gone");
  await pass(FRESH_MS);
  directory.ask(["gone"]);
  await pass(PAUSE_MS);
  assert.equal(queries.length, 2);
});

test("an event renews a profile without a request", async () => {
  const { directory, queries, pass } = makeDirectory();
  const changes = [];
  directory.on("people", ({ handles }) => changes.push(...handles));
  directory.take([{ type: "profile", handle: "bob", name: "Robert" }]);
  directory.take([{ type: "profile", handle: "bob", name: "Robert" }]);
  assert.deepEqual(changes, ["bob"]);
  directory.ask(["bob"]);
  await pass(PAUSE_MS);
  assert.equal(queries.length, 0);
  assert.equal("type" in directory.get("bob"), false);
});

test("a failed request is sent again later, and a refused one is not", async () => {
  let status = 503;
  const { directory, queries, pass } = makeDirectory((handles) => {
    if (status) throw new ApiError(status, { retry_after: 1 });
    return handles.map((handle) => ({ handle, name: "A name" }));
  });
  directory.ask(["bob"]);
  await pass(PAUSE_MS);
  await pass(RETRY_MS / 2);
  assert.equal(queries.length, 1);
  status = 0;
  await pass(RETRY_MS);
  assert.equal(directory.nameOf("bob"), "A name");
  status = 401;
  directory.ask(["charlie"]);
  await pass(PAUSE_MS);
  directory.ask(["dora"]);
  await pass(RETRY_MS * 2);
  assert.equal(queries.length, 3);
});

test("the next page of the tab shows the names at once, and asks whether they are still right", async () => {
  const storage = new MemoryStorage();
  const first = makeDirectory(undefined, storage);
  first.directory.ask(["bob"]);
  await first.pass(PAUSE_MS);
  await first.pass(2_000);
  const second = makeDirectory(undefined, storage);
  assert.equal(second.directory.nameOf("bob"), "Name of bob");
  second.directory.ask(["bob"]);
  await second.pass(PAUSE_MS);
  assert.equal(second.queries.length, 1);
});
