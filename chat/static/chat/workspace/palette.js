// @ts-check
// The palette: a dialog in which a person types a few letters, and chooses a room, a person, a message or an action.
// Must not know what can be found: palette-sources.js does.

import { openDialog } from "../ui/dialog.js";
import { make } from "../ui/dom.js";
import { avatar, icon } from "../ui/pictures.js";
import { formatNumber, gettext, ngettext } from "../ui/translation.js";
import { SOURCES } from "./palette-sources.js";

const DELAY_MS = 120;

/** @typedef {import("./palette-sources.js").Result} Result */

/**
 * Opens the palette.
 * @param {import("./workspace.js").Workspace} workspace
 */
export function openPalette(workspace) {
  new Palette(workspace);
}

class Palette {
  /** @type {import("./workspace.js").Workspace} */
  #workspace;
  #input = make("input", {
    type: "text", enterkeyhint: "go", id: "palette-input", class: "palette-input", role: "combobox", "aria-expanded": "true", "aria-controls": "palette-list",
    "aria-autocomplete": "list", "aria-label": gettext("Find a room or a person"), placeholder: gettext("Find a room or a person"), autocomplete: "off",
    spellcheck: "false", dir: "auto",
  });
  #list = make("div", { id: "palette-list", class: "palette-list", role: "listbox", "aria-label": gettext("Results") });
  #status = make("p", { class: "unseen", role: "status" });
  #searches = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {Result[]} */
  #results = [];
  #chosen = 0;
  /** @type {HTMLDialogElement} */
  #dialog;

  /** @param {import("./workspace.js").Workspace} workspace */
  constructor(workspace) {
    this.#workspace = workspace;
    this.#dialog = openDialog(gettext("Go to"), "palette", this.#input, this.#list, this.#status);
    this.#dialog.addEventListener("close", () => {
      clearTimeout(this.#timer);
      this.#searches.abort();
    });
    this.#input.addEventListener("input", () => this.#search());
    this.#input.addEventListener("keydown", (event) => this.#keyPressed(event));
    this.#input.focus();
    this.#search();
  }

  /** Shows at once the results that the page knows, and adds the results of the server when they arrive. */
  #search() {
    this.#searches.abort();
    this.#searches = new AbortController();
    const { signal } = this.#searches;
    const query = this.#input.value.trim();
    /** @type {Result[][]} */
    const found = SOURCES.map(() => []);
    this.#chosen = 0;
    SOURCES.forEach((source, index) => {
      if ("local" in source) found[index] = source.local(query, this.#workspace);
    });
    this.#draw(found);
    clearTimeout(this.#timer);
    // The server is asked after a pause in the typing.
    this.#timer = setTimeout(() => {
      SOURCES.forEach((source, index) => {
        if ("remote" in source) source.remote(query, this.#workspace, signal).then((results) => show(index, results));
      });
    }, DELAY_MS);
    const show = (/** @type {number} */ index, /** @type {Result[]} */ results) => {
      if (signal.aborted) return;
      found[index] = results;
      this.#draw(found);
    };
  }

  /** @param {Result[][]} found */
  #draw(found) {
    const chosenKey = this.#chosen > 0 ? this.#results[this.#chosen]?.key : undefined;
    const results = new Map();
    for (const result of found.flat()) if (!results.has(result.key)) results.set(result.key, result);
    this.#results = [...results.values()];
    const kept = this.#results.findIndex(({ key }) => key === chosenKey);
    this.#chosen = Math.max(0, kept);
    const groups = [...new Set(this.#results.map(({ group }) => group))];
    this.#list.replaceChildren(...groups.map((group, index) => this.#makeGroup(group, index)));
    this.#status.textContent = ngettext("%(count)s result", "%(count)s results", this.#results.length);
    this.#mark();
  }

  /**
   * @param {string} group
   * @param {number} index
   */
  #makeGroup(group, index) {
    const id = `palette-group-${index}`;
    const items = this.#results.flatMap((result, position) => (result.group === group ? [this.#makeItem(result, position)] : []));
    return make("div", { role: "group", "aria-labelledby": id }, make("p", { id, class: "menu-heading", text: group }), ...items);
  }

  /**
   * @param {Result} result
   * @param {number} position
   */
  #makeItem({ title, detail, sign, person, count }, position) {
    return make(
      "div",
      {
        id: `palette-${position}`, class: "palette-item", role: "option", onclick: () => this.#choose(position),
        onpointermove: () => this.#select(position),
      },
      person ? avatar(person) : icon(sign ?? "room"),
      make("span", { class: "palette-words" }, make("bdi", { class: "palette-title", text: title }), detail ? make("span", { class: "palette-detail", dir: "auto", text: detail }) : null),
      count ? make("span", { class: "badge", text: formatNumber(count) }) : null,
    );
  }

  /** @param {number} position */
  #select(position) {
    if (position === this.#chosen) return;
    this.#chosen = position;
    this.#mark();
  }

  #mark() {
    const chosen = this.#list.querySelector(`#palette-${this.#chosen}`);
    for (const item of this.#list.querySelectorAll("[role=option]")) item.setAttribute("aria-selected", String(item === chosen));
    this.#input.setAttribute("aria-activedescendant", chosen?.id ?? "");
  }

  /** @param {number} position */
  #choose(position) {
    const result = this.#results[position];
    if (!result) return;
    this.#dialog.close();
    result.act();
  }

  /** @param {KeyboardEvent} event */
  #keyPressed(event) {
    if (event.isComposing) return;
    const { length } = this.#results;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && length) this.#select((this.#chosen + step + length) % length);
    else if (event.key === "Enter") this.#choose(this.#chosen);
    else return;
    event.preventDefault();
    this.#list.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }
}
