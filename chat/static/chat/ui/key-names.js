// @ts-check
// The names of keys, as the keyboards of the reader's language have them. Must not handle key presses.

import { pgettext } from "./translation.js";

/** The names by the keys as `KeyboardEvent.key` has them. `Page` stands for the keys PageDown and PageUp. */
export const KEYS = Object.freeze({
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
});

/**
 * Returns the name of a key for people.
 * @param {string} key as `KeyboardEvent.key` has it
 */
export function keyName(key) {
  /** @type {Record<string, string>} */
  const names = KEYS;
  return names[key] ?? (key.length === 1 ? key.toUpperCase() : key);
}
