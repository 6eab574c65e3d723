// @ts-check
// Makes refs: the client's own ids for changes. A ref is unique for ever, so a change that is sent twice is stored once.

const REF_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
const REF_LENGTH = 22;

/**
 * Returns a new ref with 132 random bits. (`crypto.randomUUID` does not exist on pages without https.)
 * @param {Pick<Crypto, "getRandomValues">} [source]
 */
export function newRef(source = globalThis.crypto) {
  const bytes = source.getRandomValues(new Uint8Array(REF_LENGTH));
  return Array.from(bytes, (byte) => REF_ALPHABET[byte & 63]).join("");
}
