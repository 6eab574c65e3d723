// @ts-check
// The server's sentences about errors, in the language of the page. Sockets send them in English, because programs read them.
// Must not touch the page.
//
// bin/make_languages.py writes the catalogues `languages/errors-*.js` from the sentences in the server's code. No page waits
// for them: until one is loaded, a sentence stays in English.

import { language, loadCatalogue } from "./translation.js";

const PLACEHOLDER = /%\((\w+)\)s/;

/** Translates whole sentences, whose values are already in them, with one catalogue. */
export class SentenceTranslator {
  #catalogue;
  /** @type {{ pattern: RegExp, names: string[], translation: string }[]} */
  #patterns;

  /** @param {Record<string, string | string[]>} catalogue {English sentence with `%(name)s`: its translation} */
  constructor(catalogue) {
    this.#catalogue = new Map(Object.entries(catalogue));
    this.#patterns = Object.entries(catalogue).filter(([english]) => PLACEHOLDER.test(english)).map(
      ([english, translation]) => ({ ...makePattern(english), translation: String(translation) }),
    );
  }

  /**
   * Returns a sentence in the language of the catalogue, or unchanged if the catalogue does not have it.
   * @param {string} sentence
   */
  translate(sentence) {
    const found = this.#catalogue.get(sentence);
    if (found !== undefined) return String(found);
    for (const { pattern, names, translation } of this.#patterns) {
      const values = pattern.exec(sentence)?.slice(1);
      if (values) return translation.replace(/%\((\w+)\)s/g, (placeholder, name) => values[names.indexOf(name)] ?? placeholder);
    }
    return sentence;
  }
}

/**
 * Returns the pattern of the sentences that a text with placeholders can become, and the names of its groups in their order.
 * @param {string} text
 */
function makePattern(text) {
  // Every second piece is the name of a placeholder.
  const pieces = text.split(PLACEHOLDER);
  const source = pieces.map((piece, index) => (index % 2 ? "(.+?)" : piece.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)));
  const names = pieces.filter((piece, index) => index % 2 && piece);
  return { pattern: new RegExp(`^${source.join("")}$`, "s"), names };
}

let translator = new SentenceTranslator({});
if (language !== "en") {
  loadCatalogue(`errors-${language}`).then((catalogue) => {
    translator = new SentenceTranslator(catalogue);
  });
}

/**
 * Returns the sentence of an error in the language of the page. A sentence that is translated already stays as it is.
 * @param {string} detail the field `detail` of an answer of the server
 */
export function translateDetail(detail) {
  return translator.translate(detail);
}
