// @ts-check
// Loads the code for files when a person adds the first file to a message, or when the draft has files. Passes the first
// click, drop or paste on to this code.
// Must not upload: attachments.js does.

import { loadLateStyles } from "../ui/late-styles.js";
import { gettext } from "../ui/translation.js";
import { watchDrops } from "./file-drop.js";

/** @typedef {import("../connection/wire.js").UploadedFile} UploadedFile */
/** @typedef {import("./attachments.js").Attachments} Attachments */

/**
 * The elements of a composer for files.
 * @typedef {object} Elements
 * @property {HTMLElement} field files can be pasted here
 * @property {HTMLElement} attach the button that adds files
 * @property {HTMLInputElement} file
 * @property {HTMLInputElement | null} camera
 * @property {HTMLElement} files the list of the files
 * @property {HTMLElement} status
 */

/**
 * @typedef {object} Parts
 * @property {Elements} elements
 * @property {string} path the address to which files are sent
 * @property {number} mostBytes the largest file, in bytes; 0 if the site accepts no files
 * @property {HTMLElement} target files can be dropped here
 * @property {() => boolean} isEnabled whether files can be added: the person may write, and does not edit a message
 * @property {() => void} changed is called when the files have changed
 * @property {(sentence: string) => void} notify shows a sentence to the person
 * @property {() => void} focus moves the focus to the text
 * @property {import("../ui/scope.js").Scope} scope
 */

export class LateAttachments {
  /** @type {Parts} */
  #parts;
  /** @type {Attachments | null} */
  #loaded = null;
  /** @type {Promise<Attachments | null> | null} */
  #loading = null;
  /**
   * The files of the draft, until the code has arrived.
   * @type {UploadedFile[]}
   */
  #restored = [];
  /** How many additions of files wait for the code. The composer must not send the message without these files. */
  #waiting = 0;

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
    if (!this.isPossible) return;
    const { target, isEnabled, scope, elements: { field, attach, file, camera } } = parts;
    attach.addEventListener("click", () => this.choose());
    for (const input of [file, camera]) input?.addEventListener("change", () => this.#chosen(input));
    watchDrops({ target, field, isEnabled, begin: () => this.#load(), add: (files) => this.#add(files), scope });
  }

  get isPossible() {
    return this.#parts.mostBytes > 0;
  }

  get isEmpty() {
    return this.#waiting === 0 && (this.#loaded?.isEmpty ?? this.#restored.length === 0);
  }

  /** Whether the server has all files. */
  get isReady() {
    return this.#waiting === 0 && (this.#loaded?.isReady ?? true);
  }

  /** The files that the server has. */
  get stored() {
    return this.#loaded?.stored ?? this.#restored;
  }

  /** Lets the person choose files, or take a photo. */
  choose({ camera = false } = {}) {
    const { elements } = this.#parts;
    (camera ? elements.camera : elements.file)?.click();
    this.#load();
  }

  /** @param {UploadedFile[]} files that an earlier page has uploaded */
  restore(files) {
    this.#restored = this.isPossible ? files : [];
    if (this.#restored.length) this.#load();
  }

  /** Returns the files that the server has, and removes them from the composer. */
  take() {
    const files = this.#loaded?.take() ?? this.#restored;
    this.#restored = [];
    return files;
  }

  /**
   * Calls `send` as soon as the server has all files. If an upload fails, does not call it.
   * @param {() => void} send
   */
  sendWhenReady(send) {
    // An addition that waits for the code runs before this function continues.
    if (this.#waiting === 0) this.#loaded?.sendWhenReady(send);
    else this.#load().then((attachments) => attachments?.sendWhenReady(send));
  }

  /** Shows the files, or hides them while the person edits a message. */
  show(isShown = true) {
    this.#loaded?.show(isShown);
  }

  /** @param {HTMLInputElement} input */
  #chosen(input) {
    const files = [...(input.files ?? [])];
    // The same file can be chosen again.
    input.value = "";
    this.#add(files);
  }

  /** @param {File[]} files */
  async #add(files) {
    if (!files.length) return;
    this.#waiting += 1;
    const attachments = this.#loaded ?? (await this.#load());
    this.#waiting -= 1;
    if (attachments) attachments.add(files);
    else this.#parts.notify(gettext("The page could not load the code for files. Check your connection and try again."));
  }

  /** Loads the code once. Returns null if that failed; the next call tries again. */
  #load() {
    this.#loading ??= Promise.all([import("./attachments.js"), loadLateStyles()]).then(([{ Attachments }]) => {
      this.#loaded = new Attachments(this.#parts);
      this.#loaded.restore(this.#restored);
      this.#restored = [];
      return this.#loaded;
    }).catch(() => {
      this.#loading = null;
      return null;
    });
    return this.#loading;
  }
}
