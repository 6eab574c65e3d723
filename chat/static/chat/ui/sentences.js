// @ts-check
// Puts elements into translated sentences. A translation may have its placeholders in another order than the English text.
// Must not translate: translation.js does.

import { formatList } from "./translation.js";

const PLACEHOLDER = /%\((\w+)\)s/;

/**
 * Returns a sentence as the content of an element, with a node or a text in the place of each `%(name)s`:
 * `make("p", {}, ...fillSentence(gettext("%(author)s wrote:"), { author: link }))`. The caller passes no values to
 * `gettext`, so that the text of a person is never read as a placeholder.
 * @param {string} sentence in the language of the page
 * @param {Record<string, Node | string>} parts each node may be in the sentence once
 * @returns {(Node | string)[]}
 */
export function fillSentence(sentence, parts) {
  // Every second piece is the name of a placeholder.
  return sentence.split(PLACEHOLDER).map((piece, index) => (index % 2 ? parts[piece] ?? `%(${piece})s` : piece)).filter(Boolean);
}

/**
 * Returns nodes as a list within a sentence, for use as the content of an element: "Alice, Bob, and Charlie".
 * @param {Node[]} nodes
 */
export function listOf(nodes) {
  return fillSentence(formatList([...nodes.keys()].map((index) => `%(${index})s`)), Object.fromEntries(nodes.entries()));
}
