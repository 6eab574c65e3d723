// @ts-check
// The view of the panel that lists the files of the room on the page, the newest first, or only its pictures.
// Must not upload or delete a file.

import { asApiError, call } from "../connection/api.js";
import { make } from "../ui/dom.js";
import { isPicture, kindOf } from "../ui/files.js";
import { personName } from "../ui/format.js";
import { smallButton } from "../ui/forms.js";
import { icon } from "../ui/pictures.js";
import { fillSentence } from "../ui/sentences.js";
import { timeInWords } from "../ui/times.js";
import { gettext, pgettext } from "../ui/translation.js";
import { fileSize } from "../ui/units.js";

/** @typedef {import("./panel.js").Host} Host */
/** @typedef {import("../connection/wire.js").MessageFile & { message: number, author: import("../connection/wire.js").PersonName, at: string }} ListedFile */

const KINDS = [["", pgettext("files of a room", "All")], ["image", pgettext("files of a room", "Pictures")]];

export class FilesView {
  /** @type {Host} */
  #host;
  #list = make("ol", { class: "room-files", "aria-label": gettext("Files of this room") });
  #note = make("p", { class: "results-note", role: "status" });
  #more = smallButton("more", gettext("Show more"), () => this.#load(this.#next));
  #choices = KINDS.map(([kind, text]) => {
    const choice = make("input", { type: "radio", name: "kind-of-files", value: kind, checked: !kind, onchange: () => this.roomChanged() });
    return { choice, label: make("label", {}, choice, make("span", { text })) };
  });
  /** @type {number | null} */
  #next = null;
  #slug = "";
  #watching = new AbortController();

  /** @param {Host} host */
  constructor(host) {
    this.#host = host;
    const choices = make("fieldset", { class: "file-kinds" }, make("legend", { class: "unseen", text: gettext("Which files") }), ...this.#choices.map(({ label }) => label));
    this.element = make("div", { class: "panel-view" }, choices, this.#note, this.#list, this.#more);
    this.#more.hidden = true;
  }

  show() {
    this.roomChanged();
  }

  hide() {
    this.#watching.abort();
  }

  roomChanged() {
    this.#watching.abort();
    this.#watching = new AbortController();
    const room = this.#host.room();
    this.#list.replaceChildren();
    this.#more.hidden = true;
    this.#slug = room?.slug ?? "";
    if (!room) {
      this.#note.textContent = gettext("Open a room to see its files.");
      return;
    }
    this.#load(null);
    const drawn = (/** @type {any} */ { detail }) => this.#drawn(detail.messages);
    room.timeline.addEventListener("drawn", drawn, { signal: this.#watching.signal });
  }

  /**
   * Loads the list again when a message with files has come or changed.
   * @param {import("../connection/wire.js").Message[]} messages
   */
  #drawn(messages) {
    if (messages.some(({ id, files, removed }) => files?.length || (removed && this.#list.querySelector(`[data-message="${id}"]`)))) this.#load(null);
  }

  get #kind() {
    return this.#choices.find(({ choice }) => choice.checked)?.choice.value ?? "";
  }

  /** @param {number | null} before */
  async #load(before) {
    const { signal } = this.#watching;
    const query = new URLSearchParams();
    if (before !== null) query.set("before", String(before));
    if (this.#kind) query.set("kind", this.#kind);
    if (!this.#list.children.length) this.#note.textContent = gettext("Loading…");
    try {
      const { files, next } = await call("GET", `/api/rooms/${this.#slug}/files/?${query}`);
      if (!signal.aborted) this.#show(files, next, before === null);
    } catch (error) {
      if (!signal.aborted) this.#note.textContent = asApiError(error).message;
    }
  }

  /**
   * @param {ListedFile[]} files
   * @param {number | null} next
   * @param {boolean} isFirst
   */
  #show(files, next, isFirst) {
    const items = files.map((file) => this.#makeItem(file));
    if (isFirst) this.#list.replaceChildren(...items);
    else this.#list.append(...items);
    this.#next = next;
    this.#more.hidden = next === null;
    this.#note.textContent = this.#list.children.length ? ""
      : this.#kind ? gettext("There are no pictures in this room yet.") : gettext("There are no files in this room yet. Add one with the paper clip, or drop it on the conversation.");
  }

  /** @param {ListedFile} file */
  #makeItem(file) {
    const { name, size, url, thumbnail, message, author, at } = file;
    const picture = isPicture(file) && thumbnail ? make("img", { src: thumbnail, alt: "", loading: "lazy" }) : icon("file");
    const open = make(
      "a", { class: "result room-file", href: `/rooms/${this.#slug}/#message-${message}` },
      make("span", { class: "chip-picture" }, picture),
      make(
        "span", { class: "file-facts" }, make("bdi", { class: "file-name", text: name }),
        make("small", {}, ...fillSentence(gettext("%(author)s, %(time)s"), { author: make("bdi", { text: personName(author) }), time: timeInWords(at, "short") })),
        make("small", { text: gettext("%(kind)s, %(size)s", { kind: kindOf(name), size: fileSize(size) }) }),
      ),
    );
    const words = gettext("Download %(name)s", { name });
    return make("li", { "data-message": message }, open, make("a", { class: "icon-button", href: url, download: name, "aria-label": words, title: words }, icon("download")));
  }
}
