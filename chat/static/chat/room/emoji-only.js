// @ts-check
// Decides whether a message is only one to three emoji, which are then drawn large. Must not touch the page.

const MOST = 3;
// An emoji of several people with skin tones has up to 35 UTF-16 code units.
const LONGEST = MOST * 36;
const ONE_EMOJI = String.raw`(?:\p{RGI_Emoji}|\p{Emoji_Presentation})`;

/** @returns {RegExp | null} null for a browser that does not know the list of emoji */
function makePattern() {
  try {
    return new RegExp(String.raw`^\s*${ONE_EMOJI}(?:\s*${ONE_EMOJI}){0,${MOST - 1}}\s*$`, "v");
  } catch {
    return null;
  }
}

const pattern = makePattern();

/** @param {string} body */
export function isEmojiOnly(body) {
  return pattern !== null && body.length <= LONGEST && pattern.test(body);
}
