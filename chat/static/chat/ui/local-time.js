// @ts-check
// The time of day in a time zone. Must not touch the page.

import { gettext, locale } from "./translation.js";

/**
 * Returns the time of day in a time zone: "14:05 (Europe/Berlin)". Returns "" for a zone that the browser does not know.
 * @param {string} zone
 * @param {Date} [now]
 */
export function localTime(zone, now = new Date()) {
  try {
    const time = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", timeZone: zone }).format(now);
    return gettext("%(time)s (%(zone)s)", { time, zone: zone.replaceAll("_", " ") });
  } catch {
    return "";
  }
}

/**
 * Returns the time of day in a time zone as "22:30". If there is no zone, or the browser does not know it, this is the time
 * of day in the zone of the device.
 * @param {string | undefined} zone
 * @param {Date} now
 */
export function clockIn(zone, now) {
  /** @type {Intl.DateTimeFormatOptions} */
  const options = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  try {
    return new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone || undefined }).format(now);
  } catch {
    return new Intl.DateTimeFormat("en-GB", options).format(now);
  }
}
