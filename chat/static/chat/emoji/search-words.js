// @ts-check
// Compares words with which people search for emoji, in all languages of the pages. Pure text. Must not know the emoji.

import { fold } from "../ui/folding.js";

const HIRAGANA_DISTANCE = 0x60;
// Scripts that write words without spaces between them, or that join short words to long ones. `foldWords` turns Katakana into
// Hiragana.
const JOINED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Hangul}]/u;

/**
 * Returns a text for a comparison: without capital letters and accents, with "+" as the only sign, and with a space before each
 * word and at the end. Katakana become Hiragana, and Korean syllables become letters. Arabic words lose their article. Letters
 * that people confuse become one.
 * @param {string} text
 */
export function foldWords(text) {
  const plain = fold(text).replaceAll("ß", "ss").replaceAll("œ", "oe")
    .replace(/[ァ-ヶ]/gu, (letter) => String.fromCodePoint((letter.codePointAt(0) ?? 0) - HIRAGANA_DISTANCE))
    .replaceAll("ة", "ه").replaceAll("ى", "ي");
  return ` ${plain} `.replace(/[^\p{L}\p{N}+]+/gu, " ").replace(/ ال(?=\p{L}{2})/gu, " ");
}

/**
 * Returns the texts that the words of an emoji must contain to match a query. A text is a word with a space before it; a text
 * in Chinese, Japanese or Korean may stand anywhere.
 * @param {string} query
 */
export function splitQuery(query) {
  return foldWords(query).split(" ").filter(Boolean).map((word) => (JOINED.test(word) ? word : ` ${word}`));
}

/**
 * Returns how well the words of an emoji match the first text of a query: from 0 for the best match to 4 for none.
 * @param {string} words the name and other words, as `foldWords` returns them
 * @param {string} wanted
 */
export function rankWords(words, wanted) {
  const word = ` ${wanted.trim()}`;
  if (words.startsWith(`${word} `)) return 0;
  if (words.includes(`${word} `)) return 1;
  if (words.startsWith(word)) return 2;
  return words.includes(word) ? 3 : 4;
}
