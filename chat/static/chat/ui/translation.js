// @ts-check
// Translates texts into the language of the page. The English text is the key, as in Django and GNU gettext.
// Must not touch the page.
//
// All modules that import this one wait until the catalogue of the language is loaded, so they may also translate constants.
// bin/make_languages.py finds the texts: pass only literal strings, and put values in with `%(name)s`.

/**
 * @typedef {Record<string, string | string[]>} Catalogue the translations; those of a plural are in the order of its forms.
 *   The key of a text with a context is the context, the character U+0004, and the text
 * @typedef {Record<string, string | number>} Values
 */

const ENGLISH = "en";
const CONTEXT_END = "\u0004";
// The order in which gettext counts the plural forms.
const FORMS = ["zero", "one", "two", "few", "many", "other"];

/** Translates with one catalogue. The page has one translator; the functions below use it. */
export class Translator {
  /** @type {Catalogue} */
  #catalogue;
  #plurals;
  #forms;
  #numbers;

  /**
   * @param {string} name the language, such as "de" or "en-GB"
   * @param {Catalogue} catalogue
   */
  constructor(name, catalogue) {
    this.#catalogue = catalogue;
    this.#plurals = new Intl.PluralRules(name);
    this.#numbers = new Intl.NumberFormat(name);
    const { pluralCategories } = this.#plurals.resolvedOptions();
    this.#forms = FORMS.filter((form) => pluralCategories.some((category) => category === form));
  }

  /**
   * @param {string} text
   * @param {Values} [values]
   * @param {string} [context]
   */
  translate(text, values, context) {
    const found = this.#catalogue[context === undefined ? text : `${context}${CONTEXT_END}${text}`];
    return this.#insert(typeof found === "string" ? found : text, values);
  }

  /**
   * @param {string} one
   * @param {string} many
   * @param {number} count
   * @param {Values} values
   */
  translateCount(one, many, count, values) {
    const found = this.#catalogue[one];
    const text = Array.isArray(found) ? this.#formOf(found, count) : count === 1 ? one : many;
    return this.#insert(text, { count, ...values });
  }

  /** @param {number} count */
  formatNumber(count) {
    return this.#numbers.format(count);
  }

  /**
   * @param {string[]} found
   * @param {number} count
   */
  #formOf(found, count) {
    // Some languages have a form for millions that their catalogues do not have.
    return found[Math.min(this.#forms.indexOf(this.#plurals.select(count)), found.length - 1)];
  }

  /**
   * @param {string} text
   * @param {Values | undefined} values
   */
  #insert(text, values) {
    if (!values) return text;
    return text.replace(/%\(\w+\)s/g, (placeholder) => this.#write(values[placeholder.slice(2, -2)] ?? placeholder));
  }

  /** @param {string | number} value */
  #write(value) {
    return typeof value === "number" ? this.formatNumber(value) : String(value);
  }
}

/** The language of the page, as `<html lang>` names it. */
export const language = globalThis.document?.documentElement.lang || ENGLISH;
/** The language for times and numbers: the browser's own variant of the page's language, such as "en-GB" for "en". */
export const locale = findLocale(language, globalThis.navigator?.languages ?? []);
const translator = new Translator(locale, await loadCatalogue(language));

/**
 * Returns the translation of a text.
 * @param {string} text in English
 * @param {Values} [values] the values for `%(name)s` in the text; numbers are written as in the reader's language. A placeholder
 *   without a value stays, so that fillSentence (sentences.js) can put an element there
 */
export function gettext(text, values) {
  return translator.translate(text, values);
}

/**
 * Returns the translation of a text that has another meaning elsewhere.
 * @param {string} context says where the text stands, for translators
 * @param {string} text in English
 * @param {Values} [values]
 */
export function pgettext(context, text, values) {
  return translator.translate(text, values, context);
}

/**
 * Returns the translation of a text with a number. `%(count)s` in the text is the number.
 * @param {string} one in English, for the number 1
 * @param {string} many in English, for other numbers
 * @param {number} count
 * @param {Values} [values] other values in the text
 */
export function ngettext(one, many, count, values = {}) {
  return translator.translateCount(one, many, count, values);
}

/** @param {number} count */
export function formatNumber(count) {
  return translator.formatNumber(count);
}

/**
 * Returns names as a list within a sentence: "Alice, Bob, and Charlie".
 * @param {string[]} names
 */
export function formatList(names) {
  return new Intl.ListFormat(locale).format(names);
}

/**
 * Returns the first of the browser's languages that is a variant of the page's language, or else the page's language.
 * A variant in another script, such as "zh-TW" for "zh-hans", is another language for a reader.
 * @param {string} pageLanguage
 * @param {readonly string[]} browserLanguages
 */
export function findLocale(pageLanguage, browserLanguages) {
  const wanted = languageAndScript(pageLanguage);
  return browserLanguages.find((name) => languageAndScript(name) === wanted) ?? pageLanguage;
}

/**
 * Returns the language and its script, such as "zh-Hans". Returns "" for a name that is no language: some systems give the
 * browser a name such as "en-US@posix".
 * @param {string} name
 */
function languageAndScript(name) {
  try {
    const { language: base, script } = new Intl.Locale(name).maximize();
    return `${base}-${script}`;
  } catch {
    return "";
  }
}

/**
 * Loads the translations into a language. Returns an empty catalogue if they cannot be loaded.
 * @param {string} name the name of a module in `languages/`
 * @returns {Promise<Catalogue>}
 */
export async function loadCatalogue(name) {
  if (name === ENGLISH) return {};
  try {
    return (await import(`../languages/${name}.js`)).default;
  } catch {
    // A page in English is better than none.
    return {};
  }
}
