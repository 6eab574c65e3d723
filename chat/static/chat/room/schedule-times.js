// @ts-check
// The times that "Send later" suggests, in the person's own time zone. This module must not touch the page.

import { gettext } from "../ui/translation.js";

const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
const MORNING_HOUR = 9;

/**
 * Returns the value of an <input type="datetime-local"> for a moment: in the person's own time zone, to the minute.
 * @param {Date} moment
 */
export function toLocalInput(moment) {
  const shifted = new Date(moment.getTime() - moment.getTimezoneOffset() * MINUTE_MS);
  return shifted.toISOString().slice(0, 16);
}

function inAnHour() {
  return new Date(Date.now() + HOUR_MS);
}

export function tomorrowMorning() {
  const moment = new Date();
  moment.setDate(moment.getDate() + 1);
  moment.setHours(MORNING_HOUR, 0, 0, 0);
  return moment;
}

export function nextMondayMorning() {
  const moment = tomorrowMorning();
  while (moment.getDay() !== 1) moment.setDate(moment.getDate() + 1);
  return moment;
}

/** @type {[text: string, moment: () => Date][]} */
export const SUGGESTIONS = [
  [gettext("In an hour"), inAnHour],
  [gettext("Tomorrow morning"), tomorrowMorning],
  [gettext("Monday morning"), nextMondayMorning],
];
