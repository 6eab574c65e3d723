// @ts-check
// The files that are attached to the text in the composer: a chip for each, with its progress. Loads with the first file.
// Must not send a message: the composer does, when the server has all files.

import { Uploads } from "../connection/uploads.js";
import { MOST_FILES } from "../connection/wire.js";
import { make } from "../ui/dom.js";
import { kindOf } from "../ui/files.js";
import { icon } from "../ui/pictures.js";
import { gettext, ngettext } from "../ui/translation.js";
import { fileSize } from "../ui/units.js";

const CHIP_PICTURE_PX = 96;
// Bytes. A larger picture would take long to decode for a chip.
const LARGEST_PREVIEW = 20_000_000;
const DRAWN = /^image\/(?:png|jpeg|gif|webp)$/;

/** @typedef {import("../connection/uploads.js").Upload} Upload */
/** @typedef {import("../connection/wire.js").UploadedFile} UploadedFile */

export class Attachments {
  /** @type {import("./late-attachments.js").Parts} */
  #parts;
  /** @type {Uploads} */
  #uploads;
  /** @type {HTMLElement} */
  #list;
  /** @type {HTMLElement} */
  #status;
  /** @type {Map<number, HTMLElement>} */
  #chips = new Map();
  /** @type {(() => void) | null} */
  #send = null;

  /** @param {import("./late-attachments.js").Parts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#list = parts.elements.files;
    this.#status = parts.elements.status;
    this.#uploads = new Uploads({
      path: parts.path, mostBytes: parts.mostBytes, writeSize: fileSize,
      changed: (key) => (key === null ? this.#changed() : this.#showProgress(key)),
    });
    parts.scope.listen(window, "online", () => this.#uploads.resume());
  }

  get isEmpty() {
    return this.#uploads.isEmpty;
  }

  /** Whether the server has all files. */
  get isReady() {
    return this.#uploads.isReady;
  }

  /** The files that the server has. */
  get stored() {
    return this.#uploads.stored;
  }

  /** @param {Iterable<File>} files */
  add(files) {
    if (!this.#parts.isEnabled()) return;
    const left = this.#uploads.add(files);
    if (left) this.#parts.notify(gettext("A message can have at most %(count)s files.", { count: MOST_FILES }));
    this.#parts.focus();
  }

  /** @param {UploadedFile[]} files that an earlier page has uploaded */
  restore(files) {
    this.#uploads.restore(files);
  }

  /** Returns the files that the server has, and removes them from the composer. */
  take() {
    this.#send = null;
    return this.#uploads.take();
  }

  /**
   * Calls `send` as soon as the server has all files. If an upload fails, does not call it.
   * @param {() => void} send
   */
  sendWhenReady(send) {
    if (this.#uploads.hasFailed) {
      this.#parts.notify(gettext("A file could not be uploaded. Try again, or remove it."));
      return;
    }
    this.#send = send;
    this.#showStatus();
  }

  /** Shows the files, or hides them while the person edits a message. */
  show(isShown = true) {
    this.#list.hidden = !isShown || this.isEmpty;
    this.#showStatus();
  }

  #changed() {
    const { all } = this.#uploads;
    const keys = new Set(all.map(({ key }) => key));
    for (const [key, chip] of this.#chips) if (!keys.has(key)) this.#drop(key, chip);
    for (const upload of all) this.#draw(upload);
    this.#list.hidden = this.isEmpty;
    if (this.#uploads.hasFailed) this.#send = null;
    this.#showStatus();
    this.#parts.changed();
    if (!this.#send || !this.isReady) return;
    const send = this.#send;
    this.#send = null;
    send();
  }

  /**
   * @param {number} key
   * @param {HTMLElement} chip
   */
  #drop(key, chip) {
    const hadFocus = chip.contains(document.activeElement);
    chip.remove();
    this.#chips.delete(key);
    if (hadFocus) this.#parts.focus();
  }

  #showStatus() {
    const failed = this.#uploads.all.filter(({ state }) => state === "failed").length;
    const isWaiting = this.#send !== null && !this.isReady;
    this.#status.textContent = this.#list.hidden ? ""
      : failed ? ngettext("%(count)s file could not be uploaded.", "%(count)s files could not be uploaded.", failed)
        : isWaiting ? gettext("The message is sent when all files have arrived.") : "";
    this.#status.hidden = !this.#status.textContent;
  }

  /** @param {number} key */
  #showProgress(key) {
    const upload = this.#uploads.all.find((found) => found.key === key);
    const bar = this.#chips.get(key)?.querySelector("progress");
    if (bar && upload) bar.value = upload.progress;
  }

  /** @param {Upload} upload */
  #draw(upload) {
    const old = this.#chips.get(upload.key);
    if (old?.dataset.state === upload.state) return;
    const chip = old ?? this.#makeChip(upload);
    chip.dataset.state = upload.state;
    const had = chip.contains(document.activeElement) ? document.activeElement?.getAttribute("data-action") : null;
    chip.querySelector(".chip-state")?.replaceChildren(...this.#makeState(upload));
    if (had === "retry-file") /** @type {HTMLElement | null} */ (chip.querySelector("[data-action=remove-file]"))?.focus();
    if (old) return;
    this.#chips.set(upload.key, chip);
    this.#list.append(chip);
  }

  /** @param {Upload} upload */
  #makeChip({ key, name, file, stored }) {
    const remove = make("button", {
      type: "button", class: "icon-button", "data-action": "remove-file", "aria-label": gettext("Remove %(name)s", { name }),
      title: gettext("Remove"), text: "✕", onclick: () => this.#uploads.remove(key),
    });
    const picture = make("span", { class: "chip-picture" }, icon("file"));
    if (file) showPicture(picture, file);
    else if (stored?.width) showThumbnail(picture, stored.id);
    return make(
      "li", { class: "chip", "data-file": name }, picture,
      make("span", { class: "chip-facts" }, make("bdi", { class: "file-name", text: name }), make("span", { class: "chip-state" })), remove,
    );
  }

  /** @param {Upload} upload */
  #makeState({ key, name, size, state, progress, error, file }) {
    if (state === "done") return [make("small", { text: gettext("%(kind)s, %(size)s", { kind: kindOf(name), size: fileSize(size) }) })];
    if (state === "failed") {
      const again = file && make("button", { type: "button", class: "link", "data-action": "retry-file", text: gettext("Try again"), onclick: () => this.#uploads.retry(key) });
      return [make("small", { class: "chip-error", role: "alert", text: error }), ...(again ? [again] : [])];
    }
    const bar = make("progress", { max: 1, "aria-label": gettext("Progress of %(name)s", { name }) });
    if (state === "sending") bar.value = progress;
    return [bar, make("small", { text: state === "waiting" ? gettext("waiting…") : fileSize(size) })];
  }
}

/**
 * Shows a small copy of a chosen picture. The copy is drawn on a canvas, because the content security policy allows no addresses
 * of local files.
 * @param {HTMLElement} place
 * @param {File} file
 */
async function showPicture(place, file) {
  if (!DRAWN.test(file.type) || file.size > LARGEST_PREVIEW) return;
  try {
    const bitmap = await createImageBitmap(file, { resizeHeight: CHIP_PICTURE_PX, resizeQuality: "medium" });
    const canvas = make("canvas", { width: bitmap.width, height: bitmap.height, "aria-hidden": "true" });
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
    bitmap.close();
    place.replaceChildren(canvas);
  } catch {
    // The browser cannot decode it. The chip keeps its icon.
  }
}

/**
 * @param {HTMLElement} place
 * @param {string} id
 */
function showThumbnail(place, id) {
  const image = make("img", { src: `/api/files/${id}/thumbnail/`, alt: "", onerror: () => image.remove() });
  place.append(image);
}
