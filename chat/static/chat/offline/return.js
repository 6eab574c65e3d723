// @ts-check
// Finds out when the server can be reached again. Must not know what the page then does.

import { onReturn } from "../ui/page-return.js";

const FIRST_PAUSE_MS = 3_000;
const LONGEST_PAUSE_MS = 30_000;
const TIMEOUT_MS = 8_000;

/**
 * Asks the server again and again whether it is there, and calls `returned` when it is. Returns a function that asks at
 * once, and resolves with the answer.
 * @param {() => void} returned
 */
export function watchReturn(returned) {
  let pauseMs = FIRST_PAUSE_MS;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const ask = async () => {
    clearTimeout(timer);
    if (await isThere()) {
      returned();
      return true;
    }
    timer = setTimeout(ask, pauseMs);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    return false;
  };
  onReturn(() => {
    pauseMs = FIRST_PAUSE_MS;
    ask();
  });
  timer = setTimeout(ask, pauseMs);
  return ask;
}

async function isThere() {
  try {
    return (await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) })).ok;
  } catch {
    return false;
  }
}
