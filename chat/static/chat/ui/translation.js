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

/** The language of the page, as `<html lang>` names it. */
export const language = globalThis.document?.documentElement.lang || ENGLISH;
/** The language for times and numbers: the browser's own variant of the page's language, such as "en-GB" for "en". */
export const locale = findLocale(language, globalThis.navigator?.languages ?? []);
const catalogue = await load();
const plurals = new Intl.PluralRules(locale);
const forms = FORMS.filter((form) => plurals.resolvedOptions().pluralCategories.some((category) => category === form));
const numbers = new Intl.NumberFormat(locale);

/**
 * Returns the translation of a text.
 * @param {string} text in English
 * @param {Values} [values] the values for `%(name)s` in the text; numbers are written as in the reader's language
 */
export function gettext(text, values) {
  return insert(find(text), values);
}

/**
 * Returns the translation of a text that has another meaning elsewhere.
 * @param {string} context says where the text stands, for translators
 * @param {string} text in English
 * @param {Values} [values]
 */
export function pgettext(context, text, values) {
  const found = catalogue[`${context}${CONTEXT_END}${text}`];
  return insert(typeof found === "string" ? found : text, values);
}

/**
 * Returns the translation of a text with a number. `%(count)s` in the text is the number.
 * @param {string} one in English, for the number 1
 * @param {string} many in English, for other numbers
 * @param {number} count
 * @param {Values} [values] other values in the text
 */
export function ngettext(one, many, count, values = {}) {
  const found = catalogue[one];
  const text = Array.isArray(found) ? formOf(found, count) : count === 1 ? one : many;
  return insert(text, { count, ...values });
}

/** @param {number} count */
export function formatNumber(count) {
  return numbers.format(count);
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
 * @param {string} pageLanguage
 * @param {readonly string[]} browserLanguages
 */
export function findLocale(pageLanguage, browserLanguages) {
  const [base] = pageLanguage.split("-");
  return browserLanguages.find((name) => name.split("-")[0] === base) ?? pageLanguage;
}

/** @returns {Promise<Catalogue>} */
async function load() {
  if (language === ENGLISH) return {};
  try {
    return (await import(`../languages/${language}.js`)).default;
  } catch {
    // A page in English is better than none.
    return {};
  }
}

/** @param {string} text */
function find(text) {
  const found = catalogue[text];
  return typeof found === "string" ? found : text;
}

/**
 * @param {string[]} found
 * @param {number} count
 */
function formOf(found, count) {
  // Some languages have a form for millions that their catalogues do not have.
  return found[Math.min(forms.indexOf(plurals.select(count)), found.length - 1)];
}

/**
 * @param {string} text
 * @param {Values | undefined} values
 */
function insert(text, values) {
  if (!values) return text;
  return text.replace(/%\(\w+\)s/g, (placeholder) => write(values[placeholder.slice(2, -2)]));
}

/** @param {string | number} value */
function write(value) {
  return typeof value === "number" ? formatNumber(value) : String(value);
}
