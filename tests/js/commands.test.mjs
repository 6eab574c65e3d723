// Tests of the commands that a person types: which texts are commands, which the server runs, and what an unknown name does.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

globalThis.IntersectionObserver = class { observe() {} };
const { Commands } = await import("../../chat/static/chat/room/commands.js");
const { lineOf, readLine } = await import("../../chat/static/chat/room/command-lines.js");
const { LateCommands } = await import("../../chat/static/chat/room/late-commands.js");
const { isPollClosed, ownVotesIn } = await import("../../chat/static/chat/room/poll.js");

const OF_SERVER = [{ name: "me", detail: "Act" }, { name: "remind", detail: "Remind", usage: "me" }, { name: "poll", detail: "Ask" }];
/** What the commands did, oldest first. */
let done = [];

/** Returns a room for which the server answers with `commands`; null for no connection. */
function makeRoom(commands = OF_SERVER) {
  globalThis.fetch = async () => {
    if (!commands) throw new TypeError("no connection");
    return new Response(JSON.stringify({ commands }), { headers: { "Content-Type": "application/json" } });
  };
  const note = (name) => (...values) => { done.push([name, ...values]); };
  const conversation = {
    actions: { submit: note("submit") }, sendCommand: note("command"), ownRole: { role: "member" }, notify: note("notify"),
    composer: { giveBack: note("giveBack") }, openPollDialog: note("dialog"),
  };
  const tools = { find: note("find") };
  return { slug: "garden", isPublic: true, conversation, tools, leave: note("leave") };
}

/** Runs the command in a text. */
async function run(text, commands) {
  const { name, text: rest } = readLine(text);
  new Commands(makeRoom(commands)).run(name, rest);
  await new Promise((resolve) => { setTimeout(resolve, 10); });
}

beforeEach(() => { done = []; });

for (const text of ["hello", "/etc/hosts", " /me waves", "/", "/ me", "/Me waves", "a /me"]) {
  test(`an ordinary message is no command: ${JSON.stringify(text)}`, () => {
    assert.equal(new LateCommands(makeRoom()).run(text), false);
    assert.deepEqual(done, []);
  });
}

test("the server runs its commands, with all lines of the text", async () => {
  await run("/me waves\nto all ");
  assert.deepEqual(done, [["command", "me", "waves\nto all"]]);
});

test("a text that begins with two slashes is a message", () => {
  assert.equal(new LateCommands(makeRoom()).run("//me waves"), true);
  assert.deepEqual(done, [["submit", "/me waves", null]]);
});

test("a command that is typed in a thread posts in the thread, and an unknown command returns to the field of the thread", async () => {
  const note = (name) => (...values) => { done.push([`thread ${name}`, ...values]); };
  const place = {
    actions: { submit: note("submit") }, composer: { giveBack: note("giveBack") }, sendCommand: note("command"), openPollDialog: note("dialog"),
  };
  const commands = new Commands(makeRoom());
  new LateCommands(makeRoom()).run("//me waves", place);
  commands.run("poll", "", place);
  await commands.load();
  for (const text of ["/me waves", "/search roses", "/dance"]) commands.run(readLine(text).name, readLine(text).text, place);
  await new Promise((resolve) => { setTimeout(resolve, 10); });
  assert.deepEqual(done.filter(([name]) => name !== "notify"), [
    ["thread submit", "/me waves", null], ["thread dialog"], ["thread command", "me", "waves"], ["find", "search", "roses"], ["thread giveBack", "/dance"],
  ]);
});

test("an unknown command returns to the field, and nothing is sent", async () => {
  await run("/dance now");
  assert.deepEqual(done.map(([name]) => name), ["giveBack", "notify"]);
  assert.equal(done[0][1], "/dance now");
});

test("without a connection, the outbox takes the command", async () => {
  await run("/dance now", null);
  assert.deepEqual(done, [["command", "dance", "now"]]);
});

test("the page runs its own commands, and sends a poll with a text to the server", async () => {
  await run("/poll");
  await run("/poll Q\nA\nB");
  await run("/remind list");
  await run("/search roses");
  await run("/leave");
  assert.deepEqual(done, [
    ["dialog"], ["command", "poll", "Q\nA\nB"], ["find", "reminders"], ["find", "search", "roses"], ["leave"],
  ]);
});

test("the offered commands are those of the server and of the page, each once", async () => {
  const commands = new Commands(makeRoom());
  assert.ok(!commands.offered.some(({ name }) => name === "me"));
  await commands.load();
  const names = commands.offered.map(({ name }) => name);
  assert.deepEqual(names, [...new Set(names)].sort());
  assert.ok(["me", "remind", "search", "help", "leave", "poll"].every((name) => names.includes(name)));
});

test("a command is shown as the person typed it", () => {
  assert.equal(lineOf({ name: "me", text: "waves" }), "/me waves");
  assert.equal(lineOf({ name: "mute", text: "" }), "/mute");
});

test("a poll is closed by a person or by its end", () => {
  const at = (ms) => new Date(Date.now() + ms).toISOString();
  assert.ok(isPollClosed({ closed: true }) && isPollClosed({ closed: false, closes_at: at(-1) }));
  assert.ok(!isPollClosed({ closed: false, closes_at: at(60_000) }) && !isPollClosed({ closed: false }));
});

test("a message says what its reader has chosen only if it names the voters", () => {
  assert.deepEqual(ownVotesIn({ options: [{ voters: ["bob"] }, { voters: [] }, { voters: ["alice", "bob"] }] }, "bob"), [0, 2]);
  assert.equal(ownVotesIn({ options: [{ votes: 1 }] }, "bob"), null);
});
