// @ts-check
// Finds out whether a person types what can be completed: a handle, a room, an emoji or a command. Only reads the text.
// Must not draw or fetch.

// A handle has at most 32 characters, and may contain spaces.
const LONGEST_HANDLE = 32;
const WORD = /[\p{L}\p{M}\p{N}]/u;
// Letters of these scripts may stand directly before a mention.
const SPACELESS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
// A Chinese character, a Japanese letter or a Korean syllable may be the whole name of an emoji.
const EMOJI_NAME = /^(?:[\p{L}\p{M}\p{N}_+-]{2,}|[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}])$/u;
const FENCE = /^ {0,3}(\x60{3}|~~~)/gm;

/** @typedef {"@" | "#" | ":" | "/"} Sign */
/** @typedef {{ sign: Sign, query: string, from: number }} Trigger `from` is the position of the sign */

/**
 * Returns what a person types before the caret: a sign and the letters after it. Returns null for other text, and in code.
 * @param {string} text
 * @param {number} caret
 * @returns {Trigger | null}
 */
export function findTrigger(text, caret) {
  const before = text.slice(0, caret);
  const line = before.slice(before.lastIndexOf("\n") + 1);
  const found = findCommand(before) ?? findWord(line, "#", /^[\p{L}\p{N}][\p{L}\p{N}-]*$|^$/u) ?? findWord(line, ":", EMOJI_NAME)
    ?? findPerson(line);
  if (!found || isInCode(before, line)) return null;
  // "#12" usually names a numbered thing, such as a ticket, and not a room.
  if (found.sign === "#" && /^\d+$/.test(found.query)) return null;
  const start = caret - [...found.sign, found.query].join("").length;
  return { ...found, from: start };
}

/** @param {string} before */
function findCommand(before) {
  const match = /^\/([a-z0-9_-]*)$/.exec(before);
  return match ? { sign: /** @type {Sign} */ ("/"), query: match[1] } : null;
}

/**
 * Finds a sign that begins a word, with the rest of the word.
 * @param {string} line up to the caret
 * @param {Sign} sign
 * @param {RegExp} query what may follow the sign
 */
function findWord(line, sign, query) {
  // Input methods for Chinese and Japanese write wide signs.
  const word = (/(?:^|[\s(])([^\s(]*)$/.exec(line)?.[1] ?? "").replace(/^：/u, ":");
  return word.startsWith(sign) && query.test(word.slice(1)) ? { sign, query: word.slice(1) } : null;
}

/** @param {string} line up to the caret */
function findPerson(line) {
  const at = Math.max(line.lastIndexOf("@"), line.lastIndexOf("＠"));
  if (at < 0) return null;
  const query = line.slice(at + 1);
  const previous = [...line.slice(Math.max(0, at - 2), at)].at(-1);
  const mayBegin = previous === undefined || SPACELESS.test(previous) || !(WORD.test(previous) || "@＠_./".includes(previous));
  // A space directly after the @, or two spaces in a row, end the name.
  return mayBegin && query.length <= LONGEST_HANDLE && !/^\s|\s\s/.test(query) ? { sign: /** @type {Sign} */ ("@"), query } : null;
}

/**
 * @param {string} before
 * @param {string} line
 */
function isInCode(before, line) {
  return (before.match(FENCE) ?? []).length % 2 === 1 || (line.match(/\x60/g) ?? []).length % 2 === 1;
}
