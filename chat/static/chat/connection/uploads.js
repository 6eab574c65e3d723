// @ts-check
// The files that a person attaches to a message: sends two at a time, and repeats an upload after a lost connection.
// Must not draw, and must not post the message.

import { gettext } from "../ui/translation.js";
import { ApiError, call } from "./api.js";
import { makeEnvironment } from "./environment.js";
import { sendFile } from "./upload-request.js";
import { MOST_FILES, REFUSAL } from "./wire.js";

// More uploads at the same time would not be faster, and the last one would seem to make no progress.
const MOST_AT_ONCE = 2;
// An upload fails after this number of tries while the browser is online. A try without a connection does not count.
const MOST_TRIES = 6;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15_000;
/** @type {Set<string>} */
const RETRIED_CODES = new Set([REFUSAL.RATE_LIMITED, REFUSAL.UNAVAILABLE, REFUSAL.CSRF_FAILED]);

/** @typedef {import("./wire.js").UploadedFile} UploadedFile */
/** @typedef {"waiting" | "sending" | "done" | "failed"} State */

/**
 * @typedef {object} Upload
 * @property {number} key identifies the upload on this page
 * @property {string} name
 * @property {number} size in bytes
 * @property {File | null} file null for a file that an earlier page has uploaded
 * @property {State} state
 * @property {number} progress from 0 to 1
 * @property {string} error a sentence, if the upload has failed
 * @property {UploadedFile | null} stored what the server says about the file; null until the server has it
 */

/**
 * @typedef {object} Options
 * @property {string} path the address to which the files are sent
 * @property {number} mostBytes the largest file, in bytes
 * @property {(key: number | null) => void} changed is called with the key of an upload that has progressed, or with null
 *   after any other change
 * @property {(bytes: number) => string} writeSize writes a number of bytes for people
 * @property {typeof sendFile} [send]
 * @property {Partial<import("./environment.js").Environment>} [environment]
 * @property {() => boolean} [isOnline]
 */

export class Uploads {
  /** @type {Options} */
  #options;
  /** @type {typeof sendFile} */
  #send;
  /** @type {import("./environment.js").Environment} */
  #environment;
  /** @type {() => boolean} */
  #isOnline;
  /** @type {Map<number, Upload>} */
  #uploads = new Map();
  /** @type {Map<number, AbortController>} */
  #sending = new Map();
  /** @type {Map<number, { tries: number, timer: any }>} */
  #retries = new Map();
  #lastKey = 0;

  /** @param {Options} options */
  constructor(options) {
    this.#options = options;
    this.#send = options.send ?? sendFile;
    this.#environment = makeEnvironment(options.environment);
    this.#isOnline = options.isOnline ?? (() => navigator.onLine !== false);
  }

  /** All uploads, in the order in which the person chose them. */
  get all() {
    return [...this.#uploads.values()];
  }

  get isEmpty() {
    return this.#uploads.size === 0;
  }

  /** Whether the server has all files. */
  get isReady() {
    return this.all.every(({ state }) => state === "done");
  }

  get hasFailed() {
    return this.all.some(({ state }) => state === "failed");
  }

  /** What the server says about the files that it has. */
  get stored() {
    return this.all.flatMap(({ stored }) => stored ?? []);
  }

  /**
   * Adds files and begins to send them. Returns how many did not fit into the message.
   * @param {Iterable<File>} files
   */
  add(files) {
    const chosen = [...files];
    const fitting = chosen.slice(0, MOST_FILES - this.#uploads.size);
    for (const file of fitting) this.#put({ name: file.name, size: file.size, file, ...this.#check(file) });
    this.#changed();
    this.#sendNext();
    return chosen.length - fitting.length;
  }

  /**
   * Adds files that an earlier page has uploaded.
   * @param {UploadedFile[]} files
   */
  restore(files) {
    for (const stored of files) this.#put({ name: stored.name, size: stored.size, file: null, state: "done", progress: 1, stored });
    if (files.length) this.#changed();
  }

  /**
   * Sends a file again after its upload has failed.
   * @param {number} key
   */
  retry(key) {
    const upload = this.#uploads.get(key);
    if (upload?.state !== "failed" || !upload.file) return;
    this.#retries.delete(key);
    Object.assign(upload, { progress: 0, ...this.#check(upload.file) });
    this.#changed();
    this.#sendNext();
  }

  /**
   * Removes a file from the message, and cancels its upload.
   * @param {number} key
   */
  remove(key) {
    const upload = this.#uploads.get(key);
    if (!upload) return;
    this.#drop(key);
    if (upload.stored) call("DELETE", `/api/files/${upload.stored.id}/`).catch(() => {}); // otherwise the server deletes it after a day
    this.#changed();
    this.#sendNext();
  }

  /** Returns the files that the server has, and forgets all files, because the message with these files is being sent. */
  take() {
    const { stored } = this;
    for (const key of [...this.#uploads.keys()]) this.#drop(key);
    this.#changed();
    return stored;
  }

  /** Sends the waiting files now, because the browser is online again. */
  resume() {
    for (const [key, { timer }] of this.#retries) {
      this.#environment.timers.clearTimeout(timer);
      this.#retries.set(key, { tries: 0, timer: null });
    }
    this.#sendNext();
  }

  /** @param {File} file */
  #check(file) {
    const { mostBytes, writeSize } = this.#options;
    const error = file.size > mostBytes ? gettext("This file is larger than %(most)s.", { most: writeSize(mostBytes) })
      : file.size === 0 ? gettext("This file is empty.") : "";
    return { state: /** @type {State} */ (error ? "failed" : "waiting"), error };
  }

  /** @param {Pick<Upload, "name" | "size" | "file" | "state"> & Partial<Upload>} upload */
  #put(upload) {
    this.#lastKey += 1;
    this.#uploads.set(this.#lastKey, { progress: 0, error: "", stored: null, ...upload, key: this.#lastKey });
  }

  /** @param {number} key */
  #drop(key) {
    this.#uploads.delete(key);
    this.#sending.get(key)?.abort();
    this.#sending.delete(key);
    this.#environment.timers.clearTimeout(this.#retries.get(key)?.timer);
    this.#retries.delete(key);
  }

  #sendNext() {
    for (const upload of this.all) {
      if (this.#sending.size >= MOST_AT_ONCE) return;
      if (upload.state === "waiting" && !this.#retries.get(upload.key)?.timer) this.#transmit(upload);
    }
  }

  /** @param {Upload} upload */
  async #transmit(upload) {
    const { key, file } = upload;
    const controller = new AbortController();
    this.#sending.set(key, controller);
    Object.assign(upload, { state: "sending", progress: 0 });
    this.#changed();
    const progress = (/** @type {number} */ share) => {
      upload.progress = share;
      if (this.#uploads.has(key)) this.#options.changed(key);
    };
    try {
      const stored = await this.#send(this.#options.path, /** @type {File} */ (file), { progress, signal: controller.signal });
      Object.assign(upload, { state: "done", progress: 1, stored });
    } catch (error) {
      this.#failed(upload, error instanceof ApiError ? error : new ApiError(0));
    }
    if (!this.#uploads.has(key)) return;
    this.#sending.delete(key);
    this.#changed();
    this.#sendNext();
  }

  /**
   * @param {Upload} upload
   * @param {ApiError} error
   */
  #failed(upload, error) {
    const tries = (this.#retries.get(upload.key)?.tries ?? 0) + (this.#isOnline() ? 1 : 0);
    if (!RETRIED_CODES.has(error.code) || tries >= MOST_TRIES) {
      Object.assign(upload, { state: "failed", error: error.message });
      this.#retries.delete(upload.key);
      return;
    }
    upload.state = "waiting";
    const waitMs = Math.max((error.retryAfter ?? 0) * 1_000, Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries));
    const timer = this.#environment.timers.setTimeout(() => {
      this.#retries.set(upload.key, { tries, timer: null });
      this.#sendNext();
    }, waitMs);
    this.#retries.set(upload.key, { tries, timer });
  }

  #changed() {
    this.#options.changed(null);
  }
}
