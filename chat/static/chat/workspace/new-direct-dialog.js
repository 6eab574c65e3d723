// @ts-check
// The dialog that begins a direct conversation with one to eight people. Must not decide who may write to whom: the server does.

import { call } from "../connection/api.js";
import { openDialog } from "../ui/dialog.js";
import { make } from "../ui/dom.js";
import { ErrorLine } from "../ui/forms.js";
import { isolate } from "../ui/format.js";
import { personNameOf } from "../ui/person-marks.js";
import { avatar } from "../ui/pictures.js";
import { gettext, ngettext } from "../ui/translation.js";

const MOST_PEOPLE = 8;
const DELAY_MS = 150;
const MOST_SHOWN = 8;

/**
 * Opens the dialog.
 * @param {import("./workspace.js").Workspace} workspace
 */
export function openNewDirectDialog(workspace) {
  new NewDirectDialog(workspace);
}

class NewDirectDialog {
  /** @type {import("./workspace.js").Workspace} */
  #workspace;
  #input = make("input", {
    type: "text", id: "direct-input", role: "combobox", "aria-expanded": false, "aria-controls": "direct-list", "aria-autocomplete": "list",
    "aria-describedby": "direct-help", autocomplete: "off", autocapitalize: "none", spellcheck: "false", dir: "auto", enterkeyhint: "next",
  });
  #chips = make("ul", { class: "chips", "aria-label": gettext("Chosen people") });
  #list = make("div", { id: "direct-list", class: "palette-list", role: "listbox", "aria-label": gettext("People") });
  #status = make("p", { class: "unseen", role: "status" });
  #error = new ErrorLine();
  #submit = make("button", { type: "submit", class: "button wide", text: gettext("Start the conversation"), disabled: true });
  /** @type {Set<string>} */
  #chosen = new Set();
  /** @type {string[]} */
  #found = [];
  #active = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {HTMLDialogElement} */
  #dialog;

  /** @param {import("./workspace.js").Workspace} workspace */
  constructor(workspace) {
    this.#workspace = workspace;
    const form = make(
      "form", { novalidate: true },
      make("div", { class: "field" },
        make("label", { for: "direct-input", text: gettext("People") }), this.#chips, this.#input,
        make("p", { class: "help", id: "direct-help", text: gettext("Type a name or a handle. A conversation has up to eight other people.") })),
      this.#list, this.#status, this.#error.element, this.#submit,
    );
    this.#dialog = openDialog(gettext("New message"), "new-direct-dialog", form);
    this.#dialog.addEventListener("close", () => clearTimeout(this.#timer));
    form.addEventListener("submit", (event) => this.#start(event));
    this.#input.addEventListener("input", () => this.#typed());
    this.#input.addEventListener("keydown", (event) => this.#keyPressed(event));
    this.#input.focus();
    this.#suggest();
  }

  #typed() {
    this.#error.show("");
    clearTimeout(this.#timer);
    const query = this.#query;
    if (query) this.#timer = setTimeout(() => this.#search(query), DELAY_MS);
    else this.#suggest();
  }

  get #query() {
    return this.#input.value.trim().replace(/^@/, "");
  }

  /** Offers the people of the room on the page, before anything is typed. */
  #suggest() {
    this.#show(this.#workspace.shell.pane.conversation?.people.handles ?? []);
  }

  /** @param {string} query */
  async #search(query) {
    const { attention, isGuest, shell } = this.#workspace;
    const room = isGuest ? `&room=${shell.pane.slug ?? ""}` : "";
    const answer = await call("GET", `/api/people/?q=${encodeURIComponent(query)}${room}`).catch(() => null);
    if (query !== this.#query) return;
    attention.directory.take(answer?.people ?? []);
    this.#show((answer?.people ?? []).map((/** @type {{ handle: string }} */ { handle }) => handle));
  }

  /** @param {string[]} handles */
  #show(handles) {
    const { me } = this.#workspace;
    this.#found = handles.filter((handle) => handle !== me && !this.#chosen.has(handle)).slice(0, MOST_SHOWN);
    this.#active = 0;
    const isFull = this.#chosen.size >= MOST_PEOPLE;
    if (isFull) this.#found = [];
    this.#list.replaceChildren(...this.#found.map((handle, index) => this.#makeOption(handle, index)));
    this.#input.setAttribute("aria-expanded", String(this.#found.length > 0));
    this.#input.disabled = isFull;
    const isSearched = this.#query !== "";
    if (isSearched && !this.#found.length) this.#list.append(make("p", { class: "no-places", text: gettext("Nobody with this name or handle.") }));
    this.#status.textContent = isSearched ? ngettext("%(count)s result", "%(count)s results", this.#found.length) : "";
    this.#mark();
  }

  /**
   * @param {string} handle
   * @param {number} index
   */
  #makeOption(handle, index) {
    return make(
      "div", { id: `direct-${index}`, class: "palette-item", role: "option", onclick: () => this.#choose(handle) },
      avatar(handle),
      make("span", { class: "palette-words" }, make("bdi", { class: "palette-title", text: handle }), personNameOf(handle)),
    );
  }

  #mark() {
    const active = this.#list.querySelector(`#direct-${this.#active}`);
    for (const option of this.#list.querySelectorAll("[role=option]")) option.setAttribute("aria-selected", String(option === active));
    if (active) this.#input.setAttribute("aria-activedescendant", active.id);
    else this.#input.removeAttribute("aria-activedescendant");
    active?.scrollIntoView({ block: "nearest" });
  }

  /** @param {string} handle */
  #choose(handle) {
    this.#chosen.add(handle);
    this.#changed();
  }

  /** @param {string} handle */
  #drop(handle) {
    this.#chosen.delete(handle);
    this.#changed();
  }

  #changed() {
    this.#input.value = "";
    this.#chips.replaceChildren(...[...this.#chosen].map((handle) => make(
      "li", { class: "chip" }, make("bdi", { text: this.#workspace.attention.directory.nameOf(handle) }),
      make("button", {
        type: "button", class: "icon-button", "aria-label": gettext("Remove %(name)s", { name: isolate(handle) }), text: "✕", onclick: () => this.#drop(handle),
      }),
    )));
    this.#submit.disabled = this.#chosen.size === 0;
    this.#suggest();
    if (this.#input.disabled) this.#submit.focus();
    else this.#input.focus();
  }

  /** @param {KeyboardEvent} event */
  #keyPressed(event) {
    if (event.isComposing) return;
    const { length } = this.#found;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const isEmpty = this.#input.value === "";
    if (step && length) this.#active = (this.#active + step + length) % length;
    // Enter in an empty field starts the conversation when somebody is chosen.
    else if (event.key === "Enter" && length && !(isEmpty && this.#chosen.size)) this.#choose(this.#found[this.#active]);
    else if (event.key === "Backspace" && isEmpty && this.#chosen.size) this.#drop([...this.#chosen][this.#chosen.size - 1]);
    else return;
    event.preventDefault();
    this.#mark();
  }

  /** @param {SubmitEvent} event */
  async #start(event) {
    event.preventDefault();
    if (!this.#chosen.size) {
      this.#error.show(gettext("Choose at least one person."), this.#input);
      return;
    }
    this.#submit.disabled = true;
    let slug = "";
    const isDone = await this.#error.guard(async () => {
      ({ slug } = await call("POST", "/api/directs/", { handles: [...this.#chosen] }));
    });
    this.#submit.disabled = false;
    if (!isDone) return;
    this.#dialog.close();
    this.#workspace.go(`/rooms/${slug}/`);
  }
}
