// @ts-check
// Marks the mentions in a drawn body. Must not decide who is mentioned: the server says it in `mentions` and `audience`.

import { listTexts } from "../ui/dom.js";

// Code and links mention nobody.
const SKIPPED = "code, pre, a, .mention";
const AT = /[@＠]/gu;
// Letters of scripts without spaces may touch a mention.
const GOES_ON = /^(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}])[\p{L}\p{M}\p{N}_-]/u;

/** @typedef {{ start: number, end: number, name: string }} Found */

/** @param {string} text */
function keyOf(text) {
  return text.normalize("NFKC").toLowerCase();
}

/**
 * Returns where a text mentions one of these names, in the order of the text. If several names begin at one @, the longest counts.
 * @param {string} text
 * @param {string[]} names handles, and `all` or `here`
 * @returns {Found[]}
 */
export function findMentions(text, names) {
  const longestFirst = [...names].sort((a, b) => b.length - a.length);
  /** @type {Found[]} */
  const found = [];
  for (const { index } of text.matchAll(AT)) {
    const start = index + 1;
    const name = longestFirst.find((one) => (
      keyOf(text.slice(start, start + one.length)) === keyOf(one) && !GOES_ON.test(text.slice(start + one.length))
    ));
    if (name !== undefined && index >= (found.at(-1)?.end ?? 0)) found.push({ start: index, end: start + name.length, name });
  }
  return found;
}

/**
 * Puts each mention of a body into an element of its own.
 * @param {HTMLElement} body
 * @param {string[]} names
 * @param {(text: string, name: string) => HTMLElement} makeMark
 */
export function markMentions(body, names, makeMark) {
  if (!names.length) return;
  for (const node of listTexts(body, SKIPPED)) {
    // The last mention is replaced first, because a replacement moves the text behind it.
    for (const { start, end, name } of findMentions(node.data, names).reverse()) {
      node.splitText(end);
      const mention = node.splitText(start);
      mention.replaceWith(makeMark(mention.data, name));
    }
  }
}
