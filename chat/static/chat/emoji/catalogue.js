// @ts-check
// The emoji that the picker offers: their groups, their names, the search, and their skin tones.
// Must not draw, and must not store anything.
//
// The catalogue has the English names. A page in another language loads the file of that language with this module.

import { language, loadCatalogue, pgettext } from "../ui/translation.js";
import { GROUPS } from "./emoji-data.js";
import { foldWords, rankWords, splitQuery } from "./search-words.js";

/**
 * @typedef {object} Emoji
 * @property {string} emoji without a skin tone
 * @property {string} name in the language of the page
 * @property {string} lang the language of the name: English if the translation could not be loaded
 * @property {boolean} hasTones
 * @property {string[]} words the name and the keywords, first in the language of the page, then in English, as `foldWords` returns them
 */
/** @typedef {{ name: string, symbol: string, emoji: Emoji[] }} Group */

const ENGLISH = "en";
/**
 * The translations of the groups' names.
 * @type {Record<string, string>}
 */
const GROUP_NAMES = {
  "Smileys and hearts": pgettext("group of emoji", "Smileys and hearts"),
  "People and gestures": pgettext("group of emoji", "People and gestures"),
  "Animals and nature": pgettext("group of emoji", "Animals and nature"),
  "Food and drink": pgettext("group of emoji", "Food and drink"),
  Activities: pgettext("group of emoji", "Activities"),
  "Travel and places": pgettext("group of emoji", "Travel and places"),
  Flags: pgettext("group of emoji", "Flags"),
  Symbols: pgettext("group of emoji", "Symbols"),
  Objects: pgettext("group of emoji", "Objects"),
};
const LINE = /^(\S+?)([ +])([^;]*);?(.*)$/u;
const SELECTOR = /^\uFE0F/u;
const PERSON_AT_END = /.[👨👩🧑]$/u;
const TONE = /[\u{1F3FB}-\u{1F3FF}]/gu;

/** The skin tones; "" is the yellow of an emoji without a skin tone. */
export const TONES = Object.freeze(["", "🏻", "🏼", "🏽", "🏾", "🏿"]);

/** The emoji with their names in one language. The page has one catalogue; the functions below use it. */
export class EmojiCatalogue {
  /** @type {Group[]} */
  groups;
  /** @type {Map<string, Emoji>} */
  #byEmoji;

  /**
   * @param {Record<string, string | string[]>} [words] {emoji: its name and other words}, as the files `languages/emoji-*.js` have
   *   them. An emoji without words has its English name
   */
  constructor(words = {}) {
    this.groups = GROUPS.map(([name, symbol, lines]) => (
      { name: GROUP_NAMES[name] ?? name, symbol, emoji: lines.map((line) => readLine(line, words)) }
    ));
    this.#byEmoji = new Map(this.groups.flatMap(({ emoji }) => emoji).map((entry) => [entry.emoji, entry]));
  }

  /**
   * Returns the entry of an emoji, which may have a skin tone; undefined for an emoji that the picker does not offer.
   * @param {string} emoji
   */
  find(emoji) {
    const plain = emoji.replace(TONE, "");
    return this.#byEmoji.get(emoji) ?? this.#byEmoji.get(plain) ?? this.#byEmoji.get(plain.replace(/^(.)/u, "$1\uFE0F"));
  }

  /**
   * Returns at most `most` emoji. The words of an emoji, in the language of the page or in English, must contain each text
   * that `splitQuery` returns for the query. An emoji whose name equals the query comes first; `rankWords` orders the others
   * by the first of these texts. For a query that is an emoji of the picker, returns only this emoji.
   * @param {string} query
   * @param {number} most
   * @returns {Emoji[]}
   */
  search(query, most = 60) {
    const exact = this.#byEmoji.get(query.trim());
    if (exact) return [exact];
    const wanted = splitQuery(query);
    if (!wanted.length) return [];
    const whole = foldWords(query);
    const rank = (/** @type {Emoji} */ { name, words }) => (
      foldWords(name) === whole ? -1 : Math.min(...words.map((text) => rankWords(text, wanted[0])))
    );
    return [...this.#byEmoji.values()].filter(({ words }) => wanted.every((word) => words.some((text) => text.includes(word))))
      .map((entry) => ({ entry, rank: rank(entry) })).sort((first, second) => first.rank - second.rank)
      .slice(0, most).map(({ entry }) => entry);
  }
}

/**
 * @param {string} line
 * @param {Record<string, string | string[]>} translations
 * @returns {Emoji}
 */
function readLine(line, translations) {
  const [, emoji, mark, english, keywords] = LINE.exec(line) ?? ["", line, " ", "", ""];
  const translation = translations[emoji];
  const hasTones = mark === "+";
  const words = [foldWords(`${english} ${keywords}`)];
  if (typeof translation !== "string") return { emoji, name: english, lang: ENGLISH, hasTones, words };
  return { emoji, name: translation.split(";")[0], lang: language, hasTones, words: [foldWords(translation), ...words] };
}

const catalogue = new EmojiCatalogue(language === ENGLISH ? {} : await loadCatalogue(`emoji-${language}`));

/** The groups of the page's catalogue, in the order of the picker. */
export const groups = catalogue.groups;

/** @param {string} emoji */
export function find(emoji) {
  return catalogue.find(emoji);
}

/**
 * @param {string} query
 * @param {number} [most]
 */
export function search(query, most) {
  return catalogue.search(query, most);
}

/**
 * Returns an emoji with a skin tone. In a pair of people, both have it. An emoji without skin tones stays as it is.
 * @param {Emoji} entry
 * @param {string} tone one of TONES
 */
export function withTone({ emoji, hasTones }, tone) {
  if (!tone || !hasTones) return emoji;
  const [first] = emoji;
  return first + tone + emoji.slice(first.length).replace(SELECTOR, "") + (PERSON_AT_END.test(emoji) ? tone : "");
}
