// @ts-check
// Values of the wire that follow a rule: makes a `ref`, reads a frame and a `retry_after`. Must not send or wait.

const REF_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
const REF_LENGTH = 22;
const LONGEST_SECONDS = 3_600;

/**
 * Returns a new ref, the client's own id for a change. Its 132 random bits make it unique, so the server stores a change
 * only once when the client sends it twice. (`crypto.randomUUID` does not exist on pages without https.)
 * @param {Pick<Crypto, "getRandomValues">} [source]
 */
export function newRef(source = globalThis.crypto) {
  const bytes = source.getRandomValues(new Uint8Array(REF_LENGTH));
  return Array.from(bytes, (byte) => REF_ALPHABET[byte & 63]).join("");
}

/**
 * Returns the milliseconds of a `retry_after`, the wait that the server asks for. The wait is at most an hour, because
 * setTimeout fires at once for a delay that overflows.
 * @param {unknown} seconds what the server sent; if it is not a number of at least 0, `fallback` is used
 * @param {number} [fallback] in seconds
 */
export function retryAfterMs(seconds, fallback = 1) {
  const isUsable = typeof seconds === "number" && Number.isFinite(seconds) && seconds >= 0;
  return Math.min(isUsable ? seconds : fallback, LONGEST_SECONDS) * 1000;
}

/**
 * Returns the event in the text of a frame, or null if the text is no event.
 * @param {string} text
 * @returns {import("./wire.js").WireEvent | null}
 */
export function parseEvent(text) {
  try {
    const event = JSON.parse(text);
    return typeof event?.type === "string" ? event : null;
  } catch {
    return null;
  }
}
