// @ts-check
// Loads late.css, the styles that the page does not need when it starts. Must not know what these styles are for.

import { make } from "./dom.js";

const URL_OF_STYLES = new URL("../late.css", import.meta.url).href;

/** @type {Promise<void> | null} */
let loading = null;

/** Loads the styles once. The promise is fulfilled when they apply, or when they could not be loaded. */
export function loadLateStyles() {
  loading ??= new Promise((resolve) => {
    const failed = () => {
      // The next call tries again.
      loading = null;
      resolve();
    };
    document.head.append(make("link", { rel: "stylesheet", href: URL_OF_STYLES, onload: () => resolve(), onerror: failed }));
  });
  return loading;
}
