// @ts-check
// Loads the tools of the workspace, which the page does not need when it starts. Must not know what the tools do.

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
 * Returns a function that loads the tools and calls `open` with them. If the tools are loaded already, it calls `open` at
 * once, so that the next key already goes to the dialog.
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
