// @ts-check
// The query of a search: what the person typed, and the address that asks for it. Must not touch the page.

import { gettext } from "../ui/translation.js";

const SHORTEST = 2;
// One character of these scripts can be a word.
const DENSE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Extended_Pictographic}]/u;

/**
 * The operators that the server understands, with an example of each.
 * @type {{ operator: string, example: string, meaning: string }[]}
 */
export const OPERATORS = [
  { operator: '"…"', example: '"red bicycle"', meaning: gettext("these words in this order") },
  { operator: "from:", example: "from:alice", meaning: gettext("messages of one person") },
  { operator: "in:", example: "in:garden", meaning: gettext("messages in one room") },
  { operator: "has:link", example: "has:link", meaning: gettext("messages with a link") },
  { operator: "has:file", example: "has:file", meaning: gettext("messages with a file") },
  { operator: "has:image", example: "has:image", meaning: gettext("messages with a picture") },
  { operator: "after:", example: "after:2026-01-31", meaning: gettext("from this day on") },
  { operator: "before:", example: "before:2026-01-31", meaning: gettext("before this day") },
];

/**
 * Returns whether a text is long enough to search while the person types.
 * @param {string} text
 */
export function isSearchable(text) {
  const trimmed = text.trim();
  return [...trimmed].length >= SHORTEST || DENSE.test(trimmed);
}

/**
 * Returns the address of the API for a query.
 * @param {string} text
 * @param {{ page: number, deviceZone: string, room?: string | null }} options `page` begins with 0. The days in the text are in
 *   `deviceZone` if the person's profile has no time zone. `room` is a slug, and is left out if the text names a room
 */
export function searchAddress(text, { page, deviceZone, room = null }) {
  const query = new URLSearchParams({ q: text.trim(), device_zone: deviceZone });
  if (room !== null && !/(?:^|\s)in:\S/.test(text)) query.set("room", room);
  if (page > 0) query.set("page", String(page));
  return `/api/search/?${query}`;
}

/**
 * Returns the text with an operator at its end, and with a space before the operator if needed.
 * @param {string} text
 * @param {string} operator
 */
export function withOperator(text, operator) {
  const before = text.trimEnd();
  const added = operator === '"…"' ? '""' : operator;
  return before ? `${before} ${added}` : added;
}
