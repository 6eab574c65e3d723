// Tests of the emoji picker's logic: the catalogue, the search, skin tones, recent emoji, and the arrow keys.

import assert from "node:assert/strict";
import test from "node:test";

import { TONES, find, groups, search, withTone } from "../../chat/static/chat/emoji/catalogue.js";
import { EmojiChoices } from "../../chat/static/chat/emoji/choices.js";
import { moveInGrids } from "../../chat/static/chat/emoji/grid-movement.js";
import { MemoryStorage } from "./fakes.mjs";

const found = (query) => search(query).map(({ emoji }) => emoji);

test("every line of the catalogue has an emoji and a name", () => {
  const entries = groups.flatMap(({ emoji }) => emoji);
  assert.ok(entries.length > 1_800);
  assert.equal(new Set(entries.map(({ emoji }) => emoji)).size, entries.length);
  for (const { emoji, name } of entries) assert.ok(/\p{Emoji}/u.test(emoji) && name, `${emoji} ${name}`);
});

test("the search finds names, short names and everyday words", () => {
  assert.equal(found("tada")[0], "🎉");
  assert.equal(found("thumbs up")[0], "👍");
  assert.equal(found("+1")[0], "👍");
  assert.ok(found("lol").includes("😂"));
  assert.ok(found("germ").includes("🇩🇪"));
  assert.deepEqual(found("👍"), ["👍"]);
  assert.deepEqual(found("no such emoji"), []);
  assert.deepEqual(found("  "), []);
});

test("whole words come before beginnings of words", () => {
  assert.ok(found("cat").indexOf("🐈") < found("cat").indexOf("🌐") || !found("cat").includes("🌐"));
  assert.equal(found("fire")[0], "🔥");
});

test("a skin tone follows the first person, and the second person of a pair", () => {
  const toned = (emoji, tone = TONES[3]) => withTone(find(emoji), tone);
  assert.equal(toned("👍"), "👍🏽");
  assert.equal(toned("✌️"), "✌🏽");
  assert.equal(toned("🕵️‍♂️"), "🕵🏽‍♂️");
  assert.equal(toned("🧑‍🤝‍🧑"), "🧑🏽‍🤝‍🧑🏽");
  assert.equal(toned("🔥"), "🔥");
  assert.equal(toned("👍", ""), "👍");
});

test("an emoji with a skin tone is found as its emoji", () => {
  for (const emoji of ["👍🏽", "✌🏽", "🧑🏽‍🤝‍🧑🏽"]) assert.equal(withTone(find(emoji), TONES[3]), emoji);
  assert.equal(find("x"), undefined);
});

test("the recent emoji are the last ones, each once, the newest first", () => {
  const choices = new EmojiChoices(new MemoryStorage());
  for (const emoji of ["👍", "🎉", "👍"]) choices.add(emoji);
  assert.deepEqual(choices.recent, ["👍", "🎉"]);
  for (const { emoji } of groups[0].emoji.slice(0, 40)) choices.add(emoji);
  assert.equal(choices.recent.length, 24);
});

test("the skin tone is kept, and a stored text that is no tone is none", () => {
  const storage = new MemoryStorage();
  const choices = new EmojiChoices(storage);
  assert.equal(choices.tone, "");
  choices.tone = TONES[5];
  assert.equal(new EmojiChoices(storage).tone, TONES[5]);
  storage.setItem("chat.emoji.tone", "x");
  assert.equal(choices.tone, "");
});

// Two grids of four columns: 0 1 2 3 / 4 5, and 6 7 8 9 / 10 11 12
const LENGTHS = [6, 7];
const MOVES = [
  ["ArrowRight", 5, 6], ["ArrowLeft", 6, 5], ["ArrowLeft", 0, null], ["ArrowRight", 12, null],
  ["ArrowDown", 1, 5], ["ArrowDown", 3, 5], ["ArrowDown", 5, 7], ["ArrowDown", 9, 12], ["ArrowDown", 12, null],
  ["ArrowUp", 5, 1], ["ArrowUp", 8, 5], ["ArrowUp", 6, 4], ["ArrowUp", 2, null], ["ArrowUp", 12, 8],
  ["Home", 7, 0], ["End", 2, 12], ["a", 2, null],
];
for (const [key, from, to] of MOVES) {
  test(`${key} moves from ${from} to ${to}`, () => assert.equal(moveInGrids(key, from, LENGTHS, 4), to));
}
