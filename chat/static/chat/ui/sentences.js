// @ts-check
// Puts elements into translated sentences. A translation may have its placeholders in another order than the English text.
// Must not translate: translation.js does.

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
