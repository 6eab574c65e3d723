// @ts-check
// Makes texts comparable for a search. Must not touch the page.

/**
 * Returns a text in lower case, without accents, and with plain letters for variants such as ligatures.
 * @param {string} text
 */
export function fold(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}
