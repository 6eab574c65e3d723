// @ts-check
// Compares what a person has typed with names. Must not touch the page.

import { fold } from "../ui/folding.js";

/**
 * Returns whether a name, or a word of it, begins with a query.
 * @param {string} name
 * @param {string} query
 */
export function beginsWith(name, query) {
  const [plain, wanted] = [fold(name), fold(query)];
  if (plain.startsWith(wanted)) return true;
  return plain.split(/[\s._-]+/).some((word) => word.startsWith(wanted));
}
