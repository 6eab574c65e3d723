// Tests of the emoji picker's logic: the catalogue, the search, skin tones, recent emoji, and the arrow keys.

import assert from "node:assert/strict";
import test from "node:test";

import { EmojiCatalogue, TONES, find, groups, search, withTone } from "../../chat/static/chat/emoji/catalogue.js";
import { searchCustomEmoji } from "../../chat/static/chat/connection/custom-emoji.js";
import { EmojiChoices } from "../../chat/static/chat/emoji/choices.js";
import { moveInGrids } from "../../chat/static/chat/emoji/grid-movement.js";
import { loadCatalogue } from "../../chat/static/chat/ui/translation.js";
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

const SEARCHES = [
  ["de", "Rakete", "🚀"], ["de", "Daumen h", "👍"], ["de", "lächeln", "😊"], ["de", "lacheln", "😊"], ["de", "tada", "🎉"], ["de", "+1", "👍"],
  ["ja", "猫", "🐱"], ["ja", "ネコ", "🐱"], ["ja", "ねこ", "🐱"], ["ja", "の顔", "🐱"], ["ja", "ろけっと", "🚀"], ["ja", "tada", "🎉"],
  ["ko", "고양", "🐱"], ["ko", "로ㅋ", "🚀"], ["ko", "로x", null], ["zh-hans", "火箭", "🚀"], ["zh-hans", "猫", "🐱"], ["fr", "coeur", "🧡"], ["fr", "fusee", "🚀"],
  ["es", "corazon", "❤️"], ["ar", "صاروخ", "🚀"], ["ar", "الصاروخ", "🚀"], ["ar", "قطه", "🐱"], ["ar", "rocket", "🚀"],
];
for (const [name, query, expected] of SEARCHES) {
  test(`on a page in "${name}", "${query}" finds ${expected ?? "no emoji"}`, async () => {
    const results = new EmojiCatalogue(await loadCatalogue(`emoji-${name}`)).search(query).map(({ emoji }) => emoji);
    assert.ok(expected ? results.includes(expected) : !results.length, results.join(" "));
  });
}

test("an emoji has its name in the language of the page, or in English if the names could not be loaded", async () => {
  assert.equal(new EmojiCatalogue(await loadCatalogue("emoji-de")).find("🚀")?.name, "Rakete");
  const { name, lang } = new EmojiCatalogue({}).find("🚀");
  assert.deepEqual([name, lang], ["rocket", "en"]);
});

test("the exact name in the language of the page comes first", async () => {
  assert.equal(new EmojiCatalogue(await loadCatalogue("emoji-de")).search("katze")[0].emoji, "🐈");
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

test("the catalogue finds the entry of an emoji that has a skin tone", () => {
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

test("the skin tone is kept, and a stored text that is no skin tone is ignored", () => {
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

test("the site's own emoji are found by a part of their name, first those that begin with it", () => {
  const list = ["old_parrot", "parrot_wave", "owl"].map((name) => ({ name, url: "", added_by: null, added_at: "", own: false }));
  const names = (query, most = 9) => searchCustomEmoji(query, most, list).map(({ name }) => name);
  assert.deepEqual(names("parrot"), ["parrot_wave", "old_parrot"]);
  assert.deepEqual(names(":Parrot Wave:"), ["parrot_wave"]);
  assert.deepEqual(names("o", 1), ["old_parrot"]);
  assert.deepEqual(names(""), []);
});
