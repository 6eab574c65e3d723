// @ts-check
// Finds entries, such as rooms and people, by what a person types. The best match is first. Must not draw or fetch.

import { fold } from "../ui/folding.js";

/**
 * Returns how well a text matches a query: 0 for no match, and more for a better match. From the best match to the worst, the
 * query is the whole text, its beginning, the beginning of a word, another part of the text, or letters of the text in the
 * same order.
 * @param {string} text
 * @param {string} query
 */
export function scoreOf(text, query) {
  const [plain, wanted] = [fold(text).trim(), fold(query).trim()];
  if (wanted === "") return 1;
  if (plain === wanted) return 100;
  const index = plain.indexOf(wanted);
  if (index === 0) return 80;
  if (index > 0) return /[\p{L}\p{N}]/u.test(plain[index - 1]) ? 40 : 60;
  return hasInOrder(plain, wanted) ? 10 : 0;
}

/**
 * Returns the entries that match, the best first. Equal matches stay in their order.
 * @template T
 * @param {T[]} entries
 * @param {string} query
 * @param {(entry: T) => string[]} textsOf returns the texts of an entry by which it can be found
 * @returns {T[]}
 */
export function find(entries, query, textsOf) {
  const scored = entries.map((entry) => ({ entry, score: Math.max(0, ...textsOf(entry).map((text) => scoreOf(text, query))) }));
  return scored.filter(({ score }) => score > 0).sort((a, b) => b.score - a.score).map(({ entry }) => entry);
}

/**
 * @param {string} text
 * @param {string} letters
 */
function hasInOrder(text, letters) {
  let from = 0;
  for (const letter of letters) {
    const index = text.indexOf(letter, from);
    if (index < 0) return false;
    from = index + letter.length;
  }
  return true;
}
