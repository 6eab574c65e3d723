// @ts-check
// Makes texts comparable for a search. Must not touch the page.

/**
 * Returns a text without capital letters and accents.
 * @param {string} text
 */
export function fold(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}
