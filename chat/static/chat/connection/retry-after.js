// @ts-check
// Reads `retry_after`, the seconds that a server asks a client to wait.

const LONGEST_SECONDS = 3_600;

/**
 * Returns milliseconds. A very long wait would overflow setTimeout, which then fires at once, so it is cut to an hour.
 * @param {unknown} seconds what the server sent; anything but a positive number counts as `fallback`
 * @param {number} [fallback] in seconds
 */
export function retryAfterMs(seconds, fallback = 1) {
  const isUsable = typeof seconds === "number" && Number.isFinite(seconds) && seconds >= 0;
  return Math.min(isUsable ? seconds : fallback, LONGEST_SECONDS) * 1000;
}
