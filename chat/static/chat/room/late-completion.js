// @ts-check
// Loads the suggestions when a person first types a sign that begins a name, an emoji or a command.
// Must not suggest anything itself.

import { byId } from "../ui/dom.js";
import { loadLateStyles } from "../ui/late-styles.js";

const SIGN = /[@＠#:：/]/;

/**
 * Loads the suggestions after the first input that contains such a sign, and starts them.
 * @param {import("../completion/sources.js").Room} room
 * @param {HTMLFormElement} [form]
 * @param {HTMLTextAreaElement} [field]
 */
export function watchForCompletion(room, form = byId("composer-form", HTMLFormElement), field = byId("composer", HTMLTextAreaElement)) {
  let isLoading = false;
  field.addEventListener("input", async function load(event) {
    if (isLoading || !SIGN.test(field.value)) return;
    isLoading = true;
    const [loaded] = await Promise.all([import("../completion/completion.js").catch(() => null), loadLateStyles()]);
    isLoading = false;
    // After a failed load, the next letter tries again.
    if (!loaded) return;
    field.removeEventListener("input", load);
    new loaded.Completion(form, field, room).update(event);
  });
}
