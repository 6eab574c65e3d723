// @ts-check
// The names of keys, as the keyboards of the reader's language have them. Must not take any key.

import { pgettext } from "./translation.js";

/** @type {Record<string, string>} */
const NAMES = {
  Control: pgettext("key", "Ctrl"),
  Shift: pgettext("key", "Shift"),
  Alt: pgettext("key", "Alt"),
  Enter: pgettext("key", "Enter"),
  Escape: pgettext("key", "Esc"),
  Tab: pgettext("key", "Tab"),
  Page: pgettext("key", "Page ↓ ↑"),
  Home: pgettext("key", "Home"),
  End: pgettext("key", "End"),
  Delete: pgettext("key", "Delete"),
};

/**
 * Returns the name of a key for people.
 * @param {string} key as `KeyboardEvent.key` has it; "Page" for both keys PageDown and PageUp
 */
export function keyName(key) {
  return NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key);
}
