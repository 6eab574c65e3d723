// @ts-check
// Finds the mentions of people and the names of rooms in the text of a message, and draws them as such.
// Must not decide who is mentioned: the server has.

import { make } from "../ui/dom.js";

// Letters of scripts without spaces may touch a name: こんにちは@alさん.
const SPACELESS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const WORD = /[\p{L}\p{M}\p{N}]/u;
// Behind one of these, a letter continues the name: al-beta, al.example.
const JOINED = /^[-._@＠][\p{L}\p{M}\p{N}]/u;
const ROOM = /(?<![\p{L}\p{M}\p{N}#&/_])#([a-z0-9][a-z0-9-]{0,49})(?![\p{L}\p{N}_-])/gu;
const SKIPPED = "a, code, pre, .mention";

/** @typedef {import("../connection/wire.js").Message} Message */
/** @typedef {{ from: number, to: number, name: string }} Range */

/**
 * The rooms that the page knows, by their slugs. Only their names become links.
 * @type {Map<string, string>}
 */
const rooms = new Map();

/**
 * Makes rooms known, so that messages show `#slug` as a link.
 * @param {{ slug: string, name: string }[]} known
 */
export function knowRooms(known) {
  for (const { slug, name } of known) rooms.set(slug, name);
}

/**
 * Returns where a text mentions people, in the order of the text.
 * @param {string} text
 * @param {string[]} names the handles that the message mentions, and `all` or `here`
 * @returns {Range[]}
 */
export function findMentions(text, names) {
  if (!names.length || !/[@＠]/.test(text)) return [];
  const longestFirst = [...names].sort((a, b) => b.length - a.length);
  const choices = longestFirst.map((name) => name.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&"));
  const pattern = new RegExp(`[@＠](${choices.map((choice) => choice.replaceAll(" ", "\\s+")).join("|")})`, "giu");
  /** @type {Range[]} */
  const found = [];
  for (const match of text.matchAll(pattern)) {
    const to = match.index + match[0].length;
    const name = longestFirst.find((handle) => fold(handle) === fold(match[1]));
    if (name && mayBegin(text, match.index) && mayEnd(text, to)) found.push({ from: match.index, to, name });
  }
  return found;
}

/**
 * Returns where a text names rooms.
 * @param {string} text
 * @param {(slug: string) => boolean} isKnown
 * @returns {Range[]}
 */
export function findRooms(text, isKnown) {
  if (!text.includes("#")) return [];
  return [...text.matchAll(ROOM)].filter(([, slug]) => isKnown(slug)).map(({ 0: whole, 1: name, index }) => (
    { from: index, to: index + whole.length, name }
  ));
}

/**
 * Draws the mentions and the names of rooms in the body of a message.
 * @param {HTMLElement} body
 * @param {Message} message
 * @param {string} me the reader's handle
 */
export function drawMarks(body, { mentions = [], audience }, me) {
  const names = audience ? [...mentions, audience] : mentions;
  if (!/[@＠#]/.test(body.textContent ?? "")) return;
  const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
  /** @type {Text[]} */
  const texts = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) texts.push(/** @type {Text} */ (node));
  for (const text of texts) {
    if (!/[@＠#]/.test(text.data) || text.parentElement?.closest(SKIPPED)) continue;
    const people = findMentions(text.data, names).map((range) => ({ ...range, make: () => makeMention(text.data.slice(range.from, range.to), range.name, me, audience) }));
    const places = findRooms(text.data, (slug) => rooms.has(slug)).map((range) => ({ ...range, make: () => makeRoomLink(range.name) }));
    replaceRanges(text, [...people, ...places].sort((a, b) => a.from - b.from));
  }
}

/**
 * @param {Text} text
 * @param {(Range & { make: () => HTMLElement })[]} ranges
 */
function replaceRanges(text, ranges) {
  if (!ranges.length) return;
  const { data } = text;
  /** @type {(string | Node)[]} */
  const parts = [];
  let done = 0;
  for (const { from, to, make: makePart } of ranges) {
    if (from < done) continue;
    parts.push(data.slice(done, from), makePart());
    done = to;
  }
  text.replaceWith(...parts, data.slice(done));
}

/**
 * @param {string} text
 * @param {string} name
 * @param {string} me
 * @param {string | undefined} audience
 */
function makeMention(text, name, me, audience) {
  const isMine = name === me || name === audience;
  return make("bdi", { class: isMine ? "mention mine" : "mention", "data-handle": name === audience ? null : name, text });
}

/** @param {string} slug */
function makeRoomLink(slug) {
  return make("a", { class: "room-link", href: `/rooms/${slug}/`, target: "_blank", title: rooms.get(slug), dir: "ltr", text: `#${slug}` });
}

/**
 * @param {string} text
 * @param {number} at
 */
function mayBegin(text, at) {
  const before = [...text.slice(Math.max(0, at - 2), at)].at(-1);
  return before === undefined || SPACELESS.test(before) || !(WORD.test(before) || "@＠_".includes(before));
}

/**
 * @param {string} text
 * @param {number} end
 */
function mayEnd(text, end) {
  const rest = text.slice(end);
  const last = [...text.slice(0, end)].at(-1) ?? "";
  const next = [...rest.slice(0, 2)][0];
  if (next === undefined || !WORD.test(last)) return true;
  if (WORD.test(next)) return SPACELESS.test(next) !== SPACELESS.test(last);
  return !JOINED.test(rest);
}

/** @param {string} text */
function fold(text) {
  return text.normalize("NFC").toLowerCase().replace(/\s+/g, " ");
}
