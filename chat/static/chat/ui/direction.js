// @ts-check
// The direction in which an element is read. Must not know what the element shows.

/** @type {Record<string, string>} */
const MIRRORED = { ArrowLeft: "ArrowRight", ArrowRight: "ArrowLeft" };

/** @param {Element} element */
export function isRightToLeft(element) {
  return getComputedStyle(element).direction === "rtl";
}

/**
 * Returns the key that does the same where an element is read from left to right: "ArrowRight" moves to the next part.
 * @param {string} key
 * @param {Element} element
 */
export function keyFromLeftToRight(key, element) {
  return isRightToLeft(element) ? MIRRORED[key] ?? key : key;
}
