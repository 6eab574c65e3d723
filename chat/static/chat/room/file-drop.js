// @ts-check
// Adds the files that a person drops on the conversation or pastes into the text. Shows a hint while files are over the
// conversation. Must not send.

import { make } from "../ui/dom.js";
import { icon } from "../ui/pictures.js";
import { gettext } from "../ui/translation.js";

/**
 * @param {object} parts
 * @param {HTMLElement} parts.target files can be dropped here
 * @param {HTMLElement} parts.field files can be pasted here
 * @param {() => boolean} parts.isEnabled
 * @param {() => void} parts.begin is called when files are over the conversation
 * @param {(files: File[]) => void} parts.add
 * @param {import("../ui/scope.js").Scope} parts.scope
 */
export function watchDrops({ target, field, isEnabled, begin, add, scope }) {
  const hint = make("div", { class: "drop-hint", hidden: true, "aria-hidden": "true" }, icon("attach"), make("p", { text: gettext("Drop files here to send them") }));
  target.append(hint);
  const end = () => { hint.hidden = true; };
  target.addEventListener("dragover", (event) => {
    if (!hasFiles(event.dataTransfer)) return;
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = isEnabled() ? "copy" : "none";
    if (!hint.hidden || !isEnabled()) return;
    hint.hidden = false;
    begin();
  });
  // The drag also leaves each element within the target.
  target.addEventListener("dragleave", ({ relatedTarget }) => {
    if (!(relatedTarget instanceof Node && target.contains(relatedTarget))) end();
  });
  target.addEventListener("drop", (event) => {
    if (!hasFiles(event.dataTransfer)) return;
    event.preventDefault();
    end();
    if (isEnabled()) add(filesOf(event.dataTransfer));
  });
  // Otherwise a file that misses the conversation would replace the page.
  for (const type of ["dragover", "drop"]) {
    scope.listen(window, type, (/** @type {any} */ event) => hasFiles(event.dataTransfer) && event.preventDefault());
  }
  field.addEventListener("paste", (event) => {
    const data = event.clipboardData;
    // An office program copies a picture of the text together with the text.
    if (!data?.files.length || data.types.includes("text/plain") || !isEnabled()) return;
    event.preventDefault();
    add([...data.files].map(nameOf));
  });
}

/** @param {DataTransfer | null} data */
function hasFiles(data) {
  return data?.types.includes("Files") ?? false;
}

/**
 * Returns the files of a drop, without folders: a browser cannot send them.
 * @param {DataTransfer | null} data
 */
function filesOf(data) {
  const items = [...(data?.items ?? [])].filter(({ kind }) => kind === "file");
  const files = items.filter((item) => !item.webkitGetAsEntry?.()?.isDirectory).map((item) => item.getAsFile());
  return files.filter((file) => file !== null);
}

/**
 * Gives a pasted picture a name with its time: browsers call all of them `image.png`.
 * @param {File} file
 */
function nameOf(file) {
  if (file.name !== "image.png") return file;
  const time = new Date().toISOString().slice(0, 19).replace("T", " ").replaceAll(":", "-");
  return new File([file], gettext("Picture %(time)s.png", { time }), { type: file.type });
}
