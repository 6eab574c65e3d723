// @ts-check
// Loads the tools of the workspace, which the page needs only when the person asks for one. Must not open a tool.

import { gettext } from "../ui/translation.js";

/** @typedef {typeof import("./tools.js")} Tools */
/** @typedef {(open: (tools: Tools) => void) => void} WithTools */

/** @type {Tools | null} */
let tools = null;

/** Loads the tools, which the browser fetches once. Returns null when the fetch failed; the next call tries again. */
export async function loadTools() {
  tools ??= await import("./tools.js").catch(() => null);
  return tools;
}

/**
 * Returns a function that calls `open` with the tools: at once if they are loaded, so that the next key already belongs to
 * the dialog.
 * @param {(sentence: string) => void} notify shows a sentence to the person
 * @returns {WithTools}
 */
export function makeWithTools(notify) {
  return async (open) => {
    const loaded = tools ?? (await loadTools());
    if (loaded) open(loaded);
    else notify(gettext("The page could not load this. Check your connection and try again."));
  };
}
