// @ts-check
// Formats times, counts and names of people as text, in the language of the page and in the reader's time zone.
// Must not touch the page.

import { gettext, locale, ngettext, pgettext } from "./translation.js";

const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
const full = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "short" });
const day = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" });
const dayAndYear = new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", year: "numeric" });
const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" });
/** Whether the sentences of the page are written from right to left. */
const IS_RIGHT_TO_LEFT = globalThis.document?.documentElement.dir === "rtl";
// A browser returns this name if it does not know the time zone of the device.
const UNKNOWN_ZONE = "Etc/Unknown";
// Letters that are written from right to left, and the characters that change the direction of text.
const RIGHT_TO_LEFT = /[\u0590-\u08ff\u200f\u202b\u202e\u2067\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const DIRECTION_CONTROLS = /[\u202a-\u202e\u2066-\u2069]/g;
const DAY_MS = 86_400_000;
/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [["day", 86_400], ["hour", 3_600], ["minute", 60]];
/** @type {Record<number, string>} */
const NEAR_DAYS = { 0: gettext("today"), 1: gettext("yesterday"), [-1]: gettext("tomorrow") };

/** @typedef {string | number | Date} Moment */

/** Returns the name of the reader's time zone in the IANA database, such as "Europe/Berlin". */
export function timeZone() {
  const { timeZone: name } = Intl.DateTimeFormat().resolvedOptions();
  return name && name !== UNKNOWN_ZONE ? name : "UTC";
}

/** @param {Moment} at */
export function clockTime(at) {
  return clock.format(new Date(at));
}

/** @param {Moment} at */
export function fullTime(at) {
  return full.format(new Date(at));
}

/**
 * Returns the start of the moment's day in the reader's time zone, in milliseconds since 1970.
 * @param {Moment} at
 */
export function startOfDay(at) {
  return new Date(at).setHours(0, 0, 0, 0);
}

/**
 * Returns the name of a day as it is written within a sentence.
 * @param {Moment} at
 */
function dayInSentence(at) {
  const daysAgo = Math.round((startOfDay(Date.now()) - startOfDay(at)) / DAY_MS);
  return NEAR_DAYS[daysAgo] ?? (Math.abs(daysAgo) > 180 ? dayAndYear : day).format(new Date(at));
}

/** @param {Moment} at */
export function dayName(at) {
  const words = dayInSentence(at);
  return words[0].toLocaleUpperCase(locale) + words.slice(1);
}

/**
 * Returns a moment as a short text: "tomorrow, 09:00".
 * @param {Moment} at
 */
export function shortTime(at) {
  return gettext("%(day)s, %(time)s", { day: dayInSentence(at), time: clockTime(at) });
}

/** @param {Moment} at */
export function timeAgo(at) {
  const seconds = (Date.now() - new Date(at).getTime()) / 1000;
  const unit = UNITS.find(([, size]) => seconds >= size);
  return unit ? relative.format(-Math.floor(seconds / unit[1]), unit[0]) : gettext("just now");
}

/**
 * How an element with `data-words` shows its time. clock.js keeps the words current.
 * @type {Record<string, (at: string) => string>}
 */
export const TIME_WORDS = { day: dayName, short: shortTime, ago: timeAgo };

/**
 * Returns names as a list that stands alone, such as the title of a conversation: "Alice, Bob".
 * @param {string[]} people
 */
export function listNames(people) {
  return people.join(pgettext("between names", ", "));
}

/**
 * Returns "1 person" or "3 people".
 * @param {number} count
 */
export function countPeople(count) {
  return ngettext("%(count)s person", "%(count)s people", count);
}

/**
 * Returns "1 reply" or "3 replies".
 * @param {number} count
 */
export function countReplies(count) {
  return ngettext("%(count)s reply", "%(count)s replies", count);
}

/**
 * Returns the name of a person within a sentence: "Alice", "Charlie (guest)", or the name in a webhook's message.
 * @param {import("../connection/wire.js").PersonName} person
 */
export function personName({ handle, guest: isGuest, name }) {
  return isGuest ? gettext("%(handle)s (guest)", { handle: isolate(handle) }) : isolate(name ?? handle);
}

/**
 * Returns a person's text for use within a sentence. Text that may have another direction than the sentence is put between
 * FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE. Characters that would end this isolation are left out. An element of
 * its own needs `dir="auto"` instead.
 * @param {string} text
 */
export function isolate(text) {
  const isSafe = !IS_RIGHT_TO_LEFT && !RIGHT_TO_LEFT.test(text);
  return isSafe ? text : `\u2068${text.replace(DIRECTION_CONTROLS, "")}\u2069`;
}

/**
 * Returns the length in code points, as the server counts it. JavaScript's `length` counts some characters twice.
 * @param {string} text
 */
export function codePointLength(text) {
  return [...text].length;
}
