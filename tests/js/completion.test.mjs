// Tests of the completion: when it begins, what it suggests, and how often it asks the server.

import assert from "node:assert/strict";
import test from "node:test";

import { makeCommandSource, makeEmojiSource, makePeopleSource, makeRoomSource } from "../../chat/static/chat/completion/sources.js";
import { ThrottledRequests } from "../../chat/static/chat/completion/throttled-requests.js";
import { findTrigger } from "../../chat/static/chat/completion/trigger.js";

for (const [text, expected] of [
  ["@", ["@", ""]],
  ["Hello @al", ["@", "al"]],
  ["(@Al", ["@", "Al"]],
  ["@Bob B", ["@", "Bob B"]],
  ["こんにちは@al", ["@", "al"]],
  ["first\n@al", ["@", "al"]],
  ["@ al", null],
  ["@Bob  B", null],
  ["mail x@al", null],
  ["node_modules/@types", null],
  [`@${"x".repeat(33)}`, null],
  ["see #gar", ["#", "gar"]],
  ["#", ["#", ""]],
  ["# heading", null],
  ["issue #12", null],
  ["a#b", null],
  [":sm", [":", "sm"]],
  [":s", null],
  [":Köl", [":", "Köl"]],
  [":قل", [":", "قل"]],
  [":猫", [":", "猫"]],
  ["時間:猫", null],
  ["10:30", null],
  ["/", ["/", ""]],
  ["/to", ["/", "to"]],
  ["/topic new", null],
  ["and/or", null],
  ["`@al", null],
  ["`code` @al", ["@", "al"]],
  ["```\n@al", null],
]) {
  test(`"${text.slice(0, 24)}" completes ${expected ? expected.join("") : "nothing"}`, () => {
    const trigger = findTrigger(text, text.length);
    assert.deepEqual(trigger && [trigger.sign, trigger.query], expected);
    if (trigger) assert.equal(text.slice(trigger.from), trigger.sign + trigger.query);
  });
}

test("a wide colon of an input method begins the name of an emoji too", () => {
  assert.deepEqual(findTrigger("にゃー ：ねこ", 7), { sign: ":", query: "ねこ", from: 4 });
});

test("only the text before the caret counts", () => {
  assert.deepEqual(findTrigger("@alice and bob", 3), { sign: "@", query: "al", from: 0 });
});

/** Returns requests that answer at once, and the addresses that were asked for. */
function makeRequests(answers) {
  const asked = [];
  const requests = new ThrottledRequests(async (address) => {
    asked.push(address);
    return answers[address] ?? { people: [], rooms: [] };
  }, () => asked.length * 1_000);
  return { asked, requests };
}

const ROOM = {
  slug: "garden", me: "me", isBoard: false, isGuest: () => false, mayCallAll: () => false, present: () => ["alice", "me"],
  ownRooms: () => [{ slug: "tools", name: "Garden tools" }], commands: () => [{ name: "topic", detail: "" }, { name: "leave", detail: "" }],
};
const titles = (suggestions) => suggestions.map(({ title }) => title);

test("people who are here come first, then members, then everybody else", async () => {
  const { asked, requests } = makeRequests({
    "/api/people/?q=al&room=garden": { people: [{ handle: "alice", name: "Alice A" }, { handle: "member", name: "Al B" }] },
    "/api/people/?q=al": { people: [{ handle: "alan", name: "" }, { handle: "me", name: "Al Me" }] },
  });
  const source = makePeopleSource(ROOM, requests);
  assert.deepEqual(titles(source.kept("al")), ["alice"]);
  const found = await source.fetch("al");
  assert.deepEqual(titles(found), ["alice", "member", "alan"]);
  assert.deepEqual(found[0], { text: "@alice ", title: "alice", detail: "Alice A", person: "alice" });
  // The answers were complete, so a longer query needs no request.
  assert.deepEqual(titles(await source.fetch("ali")), ["alice"]);
  assert.equal(asked.length, 2);
});

test("the page of a guest asks only about the room, and a board or an empty query sends no request", async () => {
  const { asked, requests } = makeRequests({});
  await makePeopleSource({ ...ROOM, isGuest: () => true }, requests).fetch("al");
  assert.deepEqual(asked, ["/api/people/?q=al&room=garden"]);
  await makePeopleSource({ ...ROOM, isBoard: true }, requests).fetch("bo");
  assert.deepEqual(titles(await makePeopleSource(ROOM, requests).fetch("")), ["alice"]);
  assert.equal(asked.length, 1);
});

test("only a person who may call everybody gets the suggestions @all and @here", () => {
  const { requests } = makeRequests({});
  assert.deepEqual(titles(makePeopleSource({ ...ROOM, mayCallAll: () => true }, requests).kept("")), ["alice", "@all", "@here"]);
  assert.deepEqual(titles(makePeopleSource({ ...ROOM, mayCallAll: () => true }, requests).kept("her")), ["@here"]);
});

test("the person's own rooms come first, and the page learns the rooms of the server", async () => {
  const answer = { rooms: [{ slug: "garden", name: "The garden" }, { slug: "tools", name: "Garden tools" }] };
  const { requests } = makeRequests({ "/api/rooms/?q=gar": answer });
  const known = [];
  const source = makeRoomSource({ ...ROOM, found: (rooms) => known.push(...rooms) }, requests);
  assert.deepEqual(titles(source.kept("gar")), ["Garden tools"]);
  assert.deepEqual((await source.fetch("gar")).map(({ text }) => text), ["#tools ", "#garden "]);
  assert.equal(known.length, 2);
});

test("commands are found by their beginning", () => {
  assert.deepEqual(makeCommandSource(ROOM).kept("to").map(({ text }) => text), ["/topic "]);
  assert.equal(makeCommandSource(ROOM).kept("x").length, 0);
});

test("the commands of the server are suggested with their usage when they are loaded", async () => {
  const commands = [];
  const loadCommands = async () => { commands.push({ name: "remind", detail: "Remind yourself", usage: "me in 20 minutes" }); };
  const source = makeCommandSource({ ...ROOM, commands: () => commands, loadCommands });
  assert.deepEqual(source.kept("re"), []);
  const [{ title, usage }] = await source.fetch("re");
  assert.deepEqual([title, usage], ["/remind", "me in 20 minutes"]);
});

test("emoji are found when their catalogue is loaded", async () => {
  const catalogue = { search: (query) => [{ emoji: "🚲", name: `${query}ycle` }] };
  const source = makeEmojiSource(async () => catalogue);
  assert.deepEqual(source.kept("bic"), []);
  assert.deepEqual(await source.fetch("bic"), [{ text: "🚲 ", title: "bicycle", picture: "🚲" }]);
  const own = { search: () => [{ emoji: ":owl:", name: ":owl:", url: "/emoji/x/" }] };
  assert.deepEqual(await makeEmojiSource(async () => own).fetch("owl"), [{ text: ":owl: ", title: ":owl:", picture: ":owl:", url: "/emoji/x/" }]);
  assert.deepEqual(await makeEmojiSource(() => Promise.reject(new Error("no"))).fetch("bic"), []);
});

test("fast typing sends at most one request in 150 ms, for the newest query", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let now = 0;
  const asked = [];
  const requests = new ThrottledRequests(async (address) => { asked.push(address); return address; }, () => now);
  assert.equal(await requests.get("a"), "a");
  now = 50;
  const [second, third] = [requests.get("ab"), requests.get("abc")];
  now = 150;
  t.mock.timers.tick(100);
  assert.equal(await second, null);
  assert.equal(await third, "abc");
  assert.equal(await requests.get("a"), "a");
  assert.deepEqual(asked, ["a", "abc"]);
});

test("an error is not kept", async () => {
  let isFailing = true;
  const requests = new ThrottledRequests(async () => { if (isFailing) throw new Error("no"); return "yes"; }, () => (isFailing ? 0 : 1_000));
  assert.equal(await requests.get("a"), null);
  isFailing = false;
  assert.equal(await requests.get("a"), "yes");
});
