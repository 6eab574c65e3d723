// Tests of the files that a person attaches to a message: the order, the limits, and what happens without a connection.

import assert from "node:assert/strict";
import test from "node:test";

import { ApiError } from "../../chat/static/chat/connection/api.js";
import { Uploads } from "../../chat/static/chat/connection/uploads.js";
import { describeFiles, kindOf, shownSize } from "../../chat/static/chat/ui/files.js";

const later = () => new Promise((resolve) => { setImmediate(resolve); });
const fileOf = (name, size = 5) => ({ name, size, type: "text/plain" });

/** The server's side: each request waits until the test answers it. Timers run when the test says so. */
function setUp({ isOnline = true } = {}) {
  const requests = [];
  const timers = [];
  const state = { isOnline, changes: 0 };
  const send = (path, file, { progress, signal }) => new Promise((resolve, reject) => {
    requests.push({ path, name: file.name, progress, signal, resolve: () => resolve({ id: `id-${file.name}`, name: file.name, type: "", size: 5 }), reject });
  });
  const uploads = new Uploads({
    path: "/files/", mostBytes: 10, writeSize: (bytes) => `${bytes} bytes`, send, isOnline: () => state.isOnline,
    changed: () => { state.changes += 1; },
    environment: {
      timers: {
        setTimeout: (callback, delayMs) => timers.push({ callback, delayMs }),
        clearTimeout: (number) => { if (number) timers[number - 1].callback = () => {}; },
      },
    },
  });
  return { uploads, requests, timers, state };
}

const states = (uploads) => uploads.all.map(({ state }) => state);

test("two files at a time are sent, in their order", async () => {
  const { uploads, requests } = setUp();
  uploads.add(["a", "b", "c"].map((name) => fileOf(name)));
  assert.deepEqual(requests.map(({ name }) => name), ["a", "b"]);
  assert.deepEqual(states(uploads), ["sending", "sending", "waiting"]);
  requests[1].resolve();
  await later();
  assert.deepEqual(requests.map(({ name }) => name), ["a", "b", "c"]);
  assert.ok(!uploads.isReady);
  requests[0].resolve();
  requests[2].resolve();
  await later();
  assert.ok(uploads.isReady);
  assert.deepEqual(uploads.take().map(({ id }) => id), ["id-a", "id-b", "id-c"]);
  assert.ok(uploads.isEmpty);
});

test("the progress of a file is reported", () => {
  const { uploads, requests, state } = setUp();
  uploads.add([fileOf("a")]);
  const before = state.changes;
  requests[0].progress(0.5);
  assert.equal(uploads.all[0].progress, 0.5);
  assert.equal(state.changes, before + 1);
});

test("a message has at most ten files", () => {
  const { uploads } = setUp();
  assert.equal(uploads.add([...Array(12).keys()].map((number) => fileOf(`${number}`))), 2);
  assert.equal(uploads.add([fileOf("more")]), 1);
  assert.equal(uploads.all.length, 10);
});

test("a file that is too large or empty is not sent", () => {
  const { uploads, requests } = setUp();
  uploads.add([fileOf("large", 11), fileOf("empty", 0)]);
  assert.deepEqual(states(uploads), ["failed", "failed"]);
  assert.equal(uploads.all[0].error, "This file is larger than 10 bytes.");
  assert.equal(requests.length, 0);
  assert.ok(uploads.hasFailed);
});

test("a refused file says why, and the person can try again", async () => {
  const { uploads, requests } = setUp();
  uploads.add([fileOf("a")]);
  requests[0].reject(new ApiError(415, { code: "unsupported_type", detail: "Not this type." }));
  await later();
  const [upload] = uploads.all;
  assert.deepEqual([upload.state, upload.error], ["failed", "Not this type."]);
  uploads.retry(upload.key);
  assert.equal(requests.length, 2);
  requests[1].resolve();
  await later();
  assert.deepEqual(states(uploads), ["done"]);
});

test("an upload is repeated after a lost connection", async () => {
  const { uploads, requests, timers, state } = setUp({ isOnline: false });
  uploads.add([fileOf("a")]);
  for (let number = 0; number < 9; number += 1) {
    requests.at(-1).reject(new ApiError(0, { code: "unavailable", detail: "No server." }));
    await later();
    assert.deepEqual(states(uploads), ["waiting"]);
    timers.at(-1).callback();
  }
  requests.at(-1).reject(new ApiError(0, { code: "unavailable" }));
  await later();
  const sent = requests.length;
  state.isOnline = true;
  uploads.resume();
  assert.equal(requests.length, sent + 1);
  requests.at(-1).resolve();
  await later();
  assert.deepEqual(states(uploads), ["done"]);
});

test("an upload fails if the server stays unreachable", async () => {
  const { uploads, requests, timers } = setUp();
  uploads.add([fileOf("a")]);
  for (let number = 0; number < 6; number += 1) {
    requests.at(-1).reject(new ApiError(0, { code: "unavailable", detail: "No server." }));
    await later();
    if (number < 5) timers.at(-1).callback();
  }
  assert.deepEqual(states(uploads), ["failed"]);
  assert.equal(requests.length, 6);
});

test("the upload of a removed file is cancelled, and the next file is sent", () => {
  const { uploads, requests } = setUp();
  uploads.add(["a", "b", "c"].map((name) => fileOf(name)));
  uploads.remove(uploads.all[0].key);
  assert.ok(requests[0].signal.aborted);
  assert.deepEqual(requests.map(({ name }) => name), ["a", "b", "c"]);
});

test("files of a draft are ready at once", () => {
  const { uploads, requests } = setUp();
  uploads.restore([{ id: "id-a", name: "a", type: "", size: 5 }]);
  assert.ok(uploads.isReady);
  assert.deepEqual(uploads.stored.map(({ id }) => id), ["id-a"]);
  assert.equal(requests.length, 0);
});

test("the files of a message are described in a few words", () => {
  const picture = { name: "a.png", type: "image/png" };
  const text = { name: "notes.txt", type: "text/plain" };
  assert.deepEqual(
    [[], [picture], [picture, picture], [text], [picture, text]].map(describeFiles),
    ["", "Picture", "2 pictures", "notes.txt", "2 files"],
  );
  assert.deepEqual(["a.pdf", "a", "a.something", ".x"].map(kindOf), ["PDF", "File", "File", "X"]);
});

for (const [size, isAlone, shown] of [
  [[4000, 3000], true, [360, 270]],
  [[3000, 4000], true, [240, 320]],
  [[100, 50], true, [100, 50]],
  [[10_000, 100], true, [360, 120]],
  [[100, 10_000], true, [56, 168]],
  [[8, 8], true, [56, 56]],
  [[4000, 3000], false, [200, 150]],
]) {
  test(`a picture of ${size.join(" by ")} has its place reserved`, () => {
    const { width, height } = shownSize({ width: size[0], height: size[1] }, isAlone);
    assert.deepEqual([width, height], shown);
  });
}
