// @ts-check
// What a person has begun to write in a room: the text, its files, and the message that the text replies to or edits. The
// draft survives a reload of the page and the closing of the tab.
// Must not know the field in which the text is written.

/** @typedef {import("../connection/wire.js").Message} Message */
/** @typedef {import("./composer.js").Target} Target */

/**
 * @typedef {object} Written
 * @property {string} text
 * @property {Target | null} target
 * @property {{ text: string, target: Target | null } | null} beforeEdit what the field contained before the edit
 * @property {import("../connection/wire.js").UploadedFile[]} files the files that the person has uploaded for the message
 */

// After a day, the server deletes a file that no message uses.
const FILES_KEPT_MS = 23 * 3_600_000;
/** @type {Written} */
const NOTHING = Object.freeze({ text: "", target: null, beforeEdit: null, files: [] });

export class Draft {
  /** @type {import("../connection/storage.js").KeyValueStorage} */
  #storage;
  /** @type {string} */
  #name;

  /**
   * @param {import("../connection/storage.js").KeyValueStorage} storage the storage of this person
   * @param {string} slug each room has its own draft
   */
  constructor(storage, slug) {
    this.#storage = storage;
    this.#name = `chat.draft.${slug}`;
  }

  /** @returns {Written} */
  load() {
    const stored = this.#storage.getItem(this.#name) ?? "";
    try {
      const { text, target = null, beforeEdit = null, files = [], filesAt = 0 } = JSON.parse(stored);
      if (typeof text === "string") return { text, target, beforeEdit, files: Date.now() - filesAt < FILES_KEPT_MS ? files : [] };
    } catch {
      // An older version of the page stored only the text.
    }
    return { ...NOTHING, text: stored };
  }

  /** @param {Omit<Written, "files"> & Partial<Written>} written */
  save({ text, target, beforeEdit, files = [] }) {
    if (!text && !target && !beforeEdit && !files.length) {
      this.#storage.removeItem(this.#name);
      return;
    }
    const before = beforeEdit && { text: beforeEdit.text, target: shorten(beforeEdit.target) };
    const kept = files.length ? { files, filesAt: Date.now() } : {};
    this.#storage.setItem(this.#name, JSON.stringify({ text, target: shorten(target), beforeEdit: before, ...kept }));
  }
}

/**
 * Leaves out the parts of a message that the composer does not need, such as the reactions.
 * @param {Target | null} target
 */
function shorten(target) {
  if (!target) return null;
  const { id, author, body, removed } = target.message;
  return { kind: target.kind, message: { id, author, body, removed } };
}
