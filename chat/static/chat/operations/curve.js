// @ts-check
// The geometry of a chart: the lines of an SVG picture for the values of the last 15 minutes. Must not touch the page.

export const WIDTH = 360;
export const HEIGHT = 96;
export const SPAN_SECONDS = 900;
/** A line has a gap where samples are missing for longer than this. */
const GAP_SECONDS = 20;
/** The steps of the scale within a power of ten. */
const STEPS = [1, 1.5, 2, 3, 4, 5, 6, 8, 10];

/** @typedef {Record<string, number | null>} Point the value of each line, and `at` in seconds since 1970 */

/**
 * Returns a round number at or above a value: the top of the scale.
 * @param {number} highest
 */
export function roundUp(highest) {
  if (highest <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(highest));
  // The quotient of floating-point numbers may be a little above the exact one.
  return power * (STEPS.find((step) => step * power >= highest * (1 - 1e-9)) ?? 10);
}

/**
 * Returns the highest value of some lines, or 0.
 * @param {Point[]} points
 * @param {string[]} names
 */
export function findHighest(points, names) {
  return Math.max(0, ...points.flatMap((point) => names.map((name) => point[name] ?? 0)));
}

/**
 * Returns the `d` of the path of one line.
 * @param {Point[]} points the oldest first
 * @param {string} name
 * @param {number} top the value at the upper edge
 * @param {number} end the time at the right edge, in seconds since 1970
 */
export function drawLine(points, name, top, end) {
  let path = "";
  /** @type {number | null} */
  let before = null;
  for (const point of points) {
    const value = point[name];
    const at = point.at ?? 0;
    if (value === null || value === undefined || end - at > SPAN_SECONDS) continue;
    const x = WIDTH * (1 - (end - at) / SPAN_SECONDS);
    const y = HEIGHT - 2 - (HEIGHT - 4) * Math.min(1, value / top);
    const place = `${x.toFixed(1)} ${y.toFixed(1)}`;
    // A line of no length shows as a dot, so a single value is visible.
    path += before === null || at - before > GAP_SECONDS ? `M${place}h0` : `L${place}`;
    before = at;
  }
  return path;
}

/**
 * Returns the last point of each minute, the newest first.
 * @param {Point[]} points
 */
export function thinOut(points) {
  const minutes = new Map(points.map((point) => [Math.floor((point.at ?? 0) / 60), point]));
  return [...minutes.values()].reverse();
}
