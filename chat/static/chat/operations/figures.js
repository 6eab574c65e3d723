// @ts-check
// Writes numbers for operators as short texts with international symbols, as chat/http/figures.py does on the server.
// Must not touch the page.

import { locale } from "../ui/translation.js";

const NOTHING = "–";
/** @type {[size: number, unit: string][]} */
const DURATIONS = [[86_400, "d"], [3_600, "h"], [120, "min"]];
/** @type {[size: number, unit: string][]} */
const SIZES = [[1e12, "TB"], [1e9, "GB"], [1e6, "MB"], [1e3, "kB"]];
const MINUTE_SECONDS = 60;

/** @type {Record<string, (value: any) => string>} */
const FORMATS = {
  count: (value) => round(value, 0),
  rate: (value) => `${round(value, value >= 100 ? 0 : 1)}/s`,
  seconds: writeSeconds,
  bytes: writeBytes,
  share: (value) => `${round(100 * value, 0)} %`,
  text: String,
  room: String,
};

/**
 * Returns a value as text, or a dash for a value that is not known.
 * @param {unknown} value
 * @param {string} format a key of FORMATS
 */
export function writeFigure(value, format) {
  return value === null || value === undefined || value === "" ? NOTHING : (FORMATS[format] ?? String)(value);
}

/**
 * @param {number} value
 * @param {number} digits
 */
function round(value, digits) {
  const fraction = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(locale, fraction).format(value);
}

/** @param {number} value */
function writeSeconds(value) {
  const found = DURATIONS.find(([size]) => value >= size);
  if (found) return `${round(value / (found[1] === "min" ? MINUTE_SECONDS : found[0]), 0)} ${found[1]}`;
  if (value >= 1) return `${round(value, value >= 10 ? 0 : 1)} s`;
  const milliseconds = value * 1000;
  const digits = milliseconds >= 10 || milliseconds === 0 ? 0 : 1;
  return `${round(milliseconds, digits + (digits > 0 && milliseconds < 1 ? 1 : 0))} ms`;
}

/** @param {number} value */
function writeBytes(value) {
  const found = SIZES.find(([size]) => value >= size);
  if (!found) return `${round(value, 0)} B`;
  return `${round(value / found[0], value >= 10 * found[0] ? 0 : 1)} ${found[1]}`;
}
