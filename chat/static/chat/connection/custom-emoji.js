// @ts-check
// The site's own emoji: asks the server for the list, and remembers it. The browser downloads an unchanged list only once,
// because the response has an `ETag`.
// Must not draw.

import { call } from "./api.js";

/**
 * @typedef {object} CustomEmoji
 * @property {string} name
 * @property {string} url the address of the picture
 * @property {string | null} added_by
 * @property {string} added_at ISO 8601, UTC
 * @property {boolean} own whether this person may delete it
 */

/** @type {{ emoji: CustomEmoji[], may_add: boolean }} */
let kept = { emoji: [], may_add: false };

/** Asks the server for the list. If that fails, returns the list of the last answer. */
export async function loadCustomEmoji() {
  kept = await call("GET", "/api/emoji/").catch(() => kept);
  return kept;
}

/** The list of the last answer. */
export function keptCustomEmoji() {
  return kept;
}

/**
 * Returns how bodies and reactions name an emoji.
 * @param {{ name: string }} emoji
 */
export function markOf({ name }) {
  return `:${name}:`;
}

/**
 * Returns at most `most` emoji whose name contains the query. Names that begin with it come first.
 * @param {string} query
 * @param {number} most
 * @param {CustomEmoji[]} [list]
 */
export function searchCustomEmoji(query, most, list = kept.emoji) {
  const wanted = query.trim().toLowerCase().replace(/^:|:$/g, "").replace(/\s+/g, "_");
  if (!wanted) return [];
  const found = list.filter(({ name }) => name.includes(wanted));
  const begins = (/** @type {CustomEmoji} */ { name }) => Number(!name.startsWith(wanted));
  return found.sort((first, second) => begins(first) - begins(second)).slice(0, most);
}

/**
 * @param {string} name
 * @param {Blob} picture
 */
export async function addCustomEmoji(name, picture) {
  await call("PUT", `/api/emoji/${encodeURIComponent(name)}/`, undefined, { body: picture });
}

/** @param {string} name */
export async function deleteCustomEmoji(name) {
  await call("DELETE", `/api/emoji/${encodeURIComponent(name)}/`);
}
