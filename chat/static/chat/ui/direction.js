// @ts-check
// The direction in which an element is read. Must not know what the element shows.

/** @type {Record<string, string>} */
const MIRRORED = { ArrowLeft: "ArrowRight", ArrowRight: "ArrowLeft" };

/** @param {Element} element */
export function isRightToLeft(element) {
  return getComputedStyle(element).direction === "rtl";
}

/**
 * Returns the key that has the same effect in an element that is read from left to right. In an element that is read from
 * right to left, "ArrowLeft" moves to the next part, so the function returns "ArrowRight" for it.
 * @param {string} key
 * @param {Element} element
 */
export function keyFromLeftToRight(key, element) {
  return isRightToLeft(element) ? MIRRORED[key] ?? key : key;
}
