// @ts-check
// Loads the dialogs of a room, which the page needs only after its first messages. Must not open a dialog.

import { gettext } from "../ui/translation.js";

/** @typedef {typeof import("./dialogs.js")} Dialogs */
/** @typedef {(open: (dialogs: Dialogs) => void) => void} WithDialogs */

/** @type {Dialogs | null} */
let dialogs = null;

/**
 * Loads the dialogs, which the browser fetches once. Returns null when the fetch failed; the next call tries again.
 * @returns {Promise<Dialogs | null>}
 */
export async function loadDialogs() {
  dialogs ??= await import("./dialogs.js").catch(() => null);
  return dialogs;
}

/**
 * Returns a function that calls `open` with the dialogs. If they are loaded, it calls `open` at once, so that the next key
 * is for the dialog.
 * @param {(sentence: string) => void} notify shows a sentence to the person
 * @returns {WithDialogs}
 */
export function makeWithDialogs(notify) {
  return async (open) => {
    const loaded = dialogs ?? (await loadDialogs());
    if (loaded) open(loaded);
    else notify(gettext("The page could not load this dialog. Check your connection and try again."));
  };
}
