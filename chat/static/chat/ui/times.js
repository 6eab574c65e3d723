// @ts-check
// Makes the elements that show a time in words. Must not update their texts: clock.js does.

import { make } from "./dom.js";
import { TIME_WORDS, fullTime } from "./format.js";

/**
 * Makes an element that shows a moment in words, and in full as its title.
 * @param {string} at ISO 8601, UTC
 * @param {"short" | "ago"} words "yesterday, 09:00" or "5 min. ago"
 */
export function timeInWords(at, words) {
  return make("time", { datetime: at, title: fullTime(at), "data-words": words, text: TIME_WORDS[words](at) });
}
