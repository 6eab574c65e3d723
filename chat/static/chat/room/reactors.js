// @ts-check
// The names of the people who reacted with an emoji, as a text. Must not draw.

import { formatList, ngettext } from "../ui/translation.js";

const MOST_NAMES = 12;

/**
 * Returns the names, and how many more people there are.
 * @param {string[]} names
 */
export function sentenceOf(names) {
  const shown = names.slice(0, MOST_NAMES);
  const more = names.length - shown.length;
  return formatList(more ? [...shown, ngettext("%(count)s more", "%(count)s more", more)] : shown);
}
