// @ts-check
// The text of a command, as a person types it. Must not run a command: commands.js does, and loads late.

const NAME_AND_TEXT = /^\/([a-z0-9][a-z0-9_-]{0,31})(?:\s+([^]*))?$/;
/** The commands that post a message. The page shows such a message before the server has it. */
const POSTING = new Set(["me", "shrug", "poll"]);

/**
 * Returns the name and the text of a command, or null if a text is an ordinary message.
 * @param {string} body
 */
export function readLine(body) {
  const [, name, text = ""] = NAME_AND_TEXT.exec(body.trimEnd()) ?? [];
  return name ? { name, text } : null;
}

/**
 * Returns a command as a person types it.
 * @param {{ name?: string, text?: string }} event
 */
export function lineOf({ name, text = "" }) {
  return `/${name} ${text}`.trim();
}

/**
 * Returns whether a command posts a message.
 * @param {string} name
 */
export function isPosting(name) {
  return POSTING.has(name);
}
