// @ts-check
// Loads the emoji picker, which most visits do not need, and opens it. Must not know what an emoji is for.

import { loadCustomEmoji } from "../connection/custom-emoji.js";
import { loadLateStyles } from "../ui/late-styles.js";
import { gettext } from "../ui/translation.js";

/**
 * @param {Parameters<typeof import("../emoji/picker.js").openEmojiPicker>[0]} options
 * @param {(sentence: string) => void} notify shows a sentence to the person
 */
export async function openEmojiPicker(options, notify) {
  const [picker] = await Promise.all([import("../emoji/picker.js").catch(() => null), loadLateStyles(), loadCustomEmoji()]);
  if (!picker) notify(gettext("The page could not load the emoji. Check your connection and try again."));
  // While the picker was loading, the person may have opened something else.
  else if (!document.querySelector("dialog[open]")) picker.openEmojiPicker(options);
}
