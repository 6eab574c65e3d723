// @ts-check
// Writes durations and sizes of files in the language of the page. Must not touch the page.

import { locale } from "./translation.js";

/** @type {[unit: string, seconds: number][]} */
const TIMES = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];
const KILOBYTE = 1_000;
const MEGABYTE = 1_000_000;

/**
 * Returns a duration in the largest unit without a fraction: "10 minutes", or "90 seconds".
 * @param {number} seconds
 */
export function duration(seconds) {
  const [unit, size] = TIMES.find(([, length]) => seconds % length === 0) ?? ["second", 1];
  return write(seconds / size, unit, "long");
}

/**
 * Returns the size of a file: "512 bytes", "1.5 kB" or "12 MB".
 * @param {number} bytes
 */
export function fileSize(bytes) {
  if (bytes < KILOBYTE) return write(bytes, "byte", "long");
  return bytes < MEGABYTE ? write(bytes / KILOBYTE, "kilobyte", "short") : write(bytes / MEGABYTE, "megabyte", "short");
}

/**
 * @param {number} value a size below 10 kB or MB is written with one fraction digit
 * @param {string} unit
 * @param {"long" | "short"} unitDisplay
 */
function write(value, unit, unitDisplay) {
  const digits = unit.endsWith("byte") && unit !== "byte" && value < 10 ? 1 : 0;
  const fraction = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay, ...fraction }).format(value);
}
