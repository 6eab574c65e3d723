// @ts-check
// The emoji that the picker offers: their groups, the search, and their skin tones.
// Must not draw, and must not store anything.

import { pgettext } from "../ui/translation.js";
import { GROUPS } from "./emoji-data.js";

/**
 * @typedef {object} Emoji
 * @property {string} emoji without a skin tone
 * @property {string} name in English
 * @property {boolean} hasTones
 * @property {string} words the name and the keywords, in small letters, with a space before each word
 */
/** @typedef {{ name: string, symbol: string, emoji: Emoji[] }} Group */

/**
 * The translations of the groups' names. The names of single emoji, with which people search, are English.
 * @type {Record<string, string>}
 */
const GROUP_NAMES = {
  "Smileys and hearts": pgettext("group of emoji", "Smileys and hearts"),
  "People and gestures": pgettext("group of emoji", "People and gestures"),
  "Animals and nature": pgettext("group of emoji", "Animals and nature"),
  "Food and drink": pgettext("group of emoji", "Food and drink"),
  Activities: pgettext("group of emoji", "Activities"),
  "Travel and places": pgettext("group of emoji", "Travel and places"),
  Flags: pgettext("group of emoji", "Flags"),
  Symbols: pgettext("group of emoji", "Symbols"),
  Objects: pgettext("group of emoji", "Objects"),
};
const LINE = /^(\S+?)([ +])([^;]*);?(.*)$/u;
const SELECTOR = /^\uFE0F/u;
const PERSON_AT_END = /.[👨👩🧑]$/u;
const TONE = /[\u{1F3FB}-\u{1F3FF}]/gu;

/** The skin tones; "" is the yellow of an emoji without a skin tone. */
export const TONES = Object.freeze(["", "🏻", "🏼", "🏽", "🏾", "🏿"]);

/** @param {string} line */
function readLine(line) {
  const [, emoji, mark, name, keywords] = LINE.exec(line) ?? ["", line, " ", "", ""];
  const words = ` ${name} ${keywords}`.toLowerCase().replace(/[^\p{L}\p{N}+]+/gu, " ");
  return { emoji, name, hasTones: mark === "+", words };
}

/** @type {Group[]} */
export const groups = GROUPS.map(([name, symbol, lines]) => ({ name: GROUP_NAMES[name] ?? name, symbol, emoji: lines.map(readLine) }));

const byEmoji = new Map(groups.flatMap(({ emoji }) => emoji).map((entry) => [entry.emoji, entry]));

/**
 * Returns the entry of an emoji, which may have a skin tone; undefined for an emoji that the picker does not offer.
 * @param {string} emoji
 */
export function find(emoji) {
  const plain = emoji.replace(TONE, "");
  return byEmoji.get(emoji) ?? byEmoji.get(plain) ?? byEmoji.get(plain.replace(/^(.)/u, "$1\uFE0F"));
}

/**
 * Returns the emoji whose words begin with all words of the query. An emoji whose name begins with the first word comes
 * first.
 * @param {string} query
 * @param {number} most
 * @returns {Emoji[]}
 */
export function search(query, most = 60) {
  const exact = byEmoji.get(query.trim());
  if (exact) return [exact];
  const wanted = query.toLowerCase().split(/[^\p{L}\p{N}+]+/u).filter(Boolean).map((word) => ` ${word}`);
  if (!wanted.length) return [];
  const found = [...byEmoji.values()].filter(({ words }) => wanted.every((word) => words.includes(word)));
  const rank = (/** @type {Emoji} */ { words }) => {
    if (words.startsWith(`${wanted[0]} `)) return 0;
    if (words.includes(`${wanted[0]} `)) return 1;
    return words.startsWith(wanted[0]) ? 2 : 3;
  };
  return found.map((entry) => ({ entry, rank: rank(entry) })).sort((first, second) => first.rank - second.rank)
    .slice(0, most).map(({ entry }) => entry);
}

/**
 * Returns an emoji with a skin tone. In a pair of people, both have it. An emoji without skin tones stays as it is.
 * @param {Emoji} entry
 * @param {string} tone one of TONES
 */
export function withTone({ emoji, hasTones }, tone) {
  if (!tone || !hasTones) return emoji;
  const [first] = emoji;
  return first + tone + emoji.slice(first.length).replace(SELECTOR, "") + (PERSON_AT_END.test(emoji) ? tone : "");
}
