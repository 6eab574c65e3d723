// @ts-check
// The dialog in which a person chooses an emoji: recent ones, a search, groups, and the skin tone. On a phone it is a sheet.
// Must not know what the emoji is for. The page loads this module with `import()` when the dialog opens.

import { keptCustomEmoji, markOf, searchCustomEmoji } from "../connection/custom-emoji.js";
import { SharedPersonStorage } from "../connection/storage.js";
import { openDialog } from "../ui/dialog.js";
import { isRightToLeft, keyFromLeftToRight } from "../ui/direction.js";
import { child, closestTo, make } from "../ui/dom.js";
import { makeEmojiPicture } from "../ui/emoji-picture.js";
import { pagePerson } from "../ui/person-data.js";
import { gettext, pgettext } from "../ui/translation.js";
import { TONES, find, groups, search, withTone } from "./catalogue.js";
import { EmojiChoices } from "./choices.js";
import { openCustomEmojiDialog } from "./custom-dialog.js";
import { moveInGrids } from "./grid-movement.js";

const TONE_NAMES = [
  pgettext("skin tone", "Yellow"), pgettext("skin tone", "Light"), pgettext("skin tone", "Medium-light"), pgettext("skin tone", "Medium"),
  pgettext("skin tone", "Medium-dark"), pgettext("skin tone", "Dark"),
];
const EDGE_PX = 8;

const MOST_CUSTOM = 30;

/** @typedef {import("./catalogue.js").Emoji & { url?: string }} Emoji `url` is the picture of an emoji of the site */
/** @typedef {{ name: string, symbol: string, emoji: Emoji[] }} Group */

/**
 * Returns an emoji of the site as the picker shows it.
 * @param {import("../connection/custom-emoji.js").CustomEmoji} custom
 * @returns {Emoji}
 */
function makeCustom(custom) {
  const mark = markOf(custom);
  return { emoji: mark, name: mark, lang: "", hasTones: false, words: [], url: custom.url };
}

class Picker {
  #choices = new EmojiChoices(new SharedPersonStorage(pagePerson));
  /** @type {(emoji: string) => void} */
  #choose;
  #search = make("input", {
    type: "search", class: "emoji-search", "aria-label": gettext("Search emoji"), placeholder: gettext("Search emoji"), autocomplete: "off",
    enterkeyhint: "done",
  });
  #tone = make("select", { class: "emoji-tone", "aria-label": gettext("Skin tone"), title: gettext("Skin tone") });
  #tabs = make("div", { class: "emoji-tabs", role: "group", "aria-label": gettext("Groups of emoji") });
  #cells = make("div", { class: "emoji-cells" });
  #status = make("p", { class: "emoji-status", role: "status" });

  /** @param {(emoji: string) => void} choose */
  constructor(choose) {
    this.#choose = choose;
    this.#tone.append(...TONES.map((tone, index) => (
      make("option", { value: tone, selected: tone === this.#choices.tone, text: `✋${tone} ${TONE_NAMES[index]}` })
    )));
    this.#tone.addEventListener("change", () => this.#changeTone());
    this.#search.addEventListener("input", () => this.#draw());
    this.#search.addEventListener("keydown", (event) => this.#searchKeyPressed(event));
    this.#cells.addEventListener("click", (event) => this.#clicked(event));
    this.#cells.addEventListener("keydown", (event) => this.#keyPressed(event));
    this.#cells.addEventListener("focusin", ({ target }) => this.#focused(target));
    this.#cells.addEventListener("pointerover", ({ target }) => this.#describe(target));
    this.#draw();
  }

  /**
   * @param {string} title
   * @param {HTMLElement} opener
   */
  open(title, opener) {
    const top = make("div", { class: "emoji-top" }, this.#search, this.#tone);
    this.dialog = openDialog(title, "emoji-picker", top, this.#tabs, this.#cells, make("div", { class: "emoji-foot" }, this.#status, this.#makeOwn()));
    this.dialog.classList.add("sheet", "emoji-picker");
    if (!window.matchMedia("(width <= 640px)").matches) placeBeside(this.dialog, opener);
    // On a phone, a focused search field would open the keyboard, which covers half of the sheet.
    if (window.matchMedia("(any-pointer: coarse)").matches) this.#buttons[0]?.focus();
    else this.#search.focus();
    return this.dialog;
  }

  /** Makes the button that shows the site's own emoji; null if there are none, and the person cannot add any. */
  #makeOwn() {
    const { emoji, may_add: mayAdd } = keptCustomEmoji();
    if (!emoji.length && !mayAdd) return null;
    const open = () => {
      this.dialog?.close();
      openCustomEmojiDialog();
    };
    const text = mayAdd ? gettext("Add emoji") : gettext("Emoji of this site");
    return make("button", { type: "button", class: "link", "data-action": "custom-emoji", text, onclick: open });
  }

  get #buttons() {
    return /** @type {HTMLButtonElement[]} */ ([...this.#cells.querySelectorAll("button")]);
  }

  #draw() {
    const query = this.#search.value.trim();
    const custom = keptCustomEmoji().emoji.map(makeCustom);
    const recent = this.#choices.recent.map((emoji) => ({ emoji, entry: find(emoji) ?? custom.find((own) => own.emoji === emoji) }));
    const known = recent.flatMap(({ emoji, entry }) => (entry ? [{ ...entry, emoji, hasTones: false }] : []));
    const results = query ? [...searchCustomEmoji(query, MOST_CUSTOM).map(makeCustom), ...search(query)] : [];
    /** @type {Group[]} */
    const all = [
      { name: pgettext("emoji that were chosen last", "Recent"), symbol: "🕘", emoji: known },
      { name: gettext("Emoji of this site"), symbol: "⭐", emoji: custom }, ...groups,
    ];
    const shown = query ? [{ name: pgettext("found emoji", "Results"), symbol: "", emoji: results }] : all.filter(({ emoji }) => emoji.length);
    this.#cells.replaceChildren(...shown.map((group) => this.#makeGroup(group)));
    this.#tabs.replaceChildren(...(query ? [] : shown.map(({ name, symbol }, index) => this.#makeTab(name, symbol, index))));
    this.#cells.scrollTop = 0;
    const count = shown[0].emoji.length;
    this.#status.textContent = query && !count ? gettext("No emoji has this name.") : "";
    const [first] = this.#buttons;
    if (first) first.tabIndex = 0;
  }

  /** @param {Group} group */
  #makeGroup({ name, emoji }) {
    const { tone } = this.#choices;
    const grid = make("div", { class: "emoji-grid", lang: emoji.find(({ lang }) => lang)?.lang }, ...emoji.map((entry) => (
      make(
        "button", { type: "button", tabindex: "-1", "aria-label": entry.name, "data-emoji": withTone(entry, tone) },
        entry.url ? makeEmojiPicture(entry.emoji, entry.url) : withTone(entry, tone),
      )
    )));
    return make("section", { "aria-label": name }, make("h3", { text: name }), grid);
  }

  /**
   * @param {string} name
   * @param {string} symbol
   * @param {number} index
   */
  #makeTab(name, symbol, index) {
    const show = () => {
      const section = this.#cells.children[index];
      this.#cells.scrollTop = /** @type {HTMLElement} */ (section).offsetTop - this.#cells.offsetTop;
      for (const button of this.#buttons) button.tabIndex = -1;
      child(section, "button").tabIndex = 0;
    };
    return make("button", { type: "button", "aria-label": name, title: name, text: symbol, onclick: show });
  }

  #changeTone() {
    this.#choices.tone = this.#tone.value;
    this.#draw();
  }

  /** @param {KeyboardEvent} event */
  #searchKeyPressed(event) {
    if (event.isComposing || event.keyCode === 229) return;
    const [first] = this.#buttons;
    if (event.key === "Enter" && this.#search.value.trim() && first) first.click();
    else if (event.key === "ArrowDown") first?.focus();
    else return;
    event.preventDefault();
  }

  /** @param {KeyboardEvent} event */
  #keyPressed(event) {
    const buttons = this.#buttons;
    const index = buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    if (index < 0) return;
    const grids = [...this.#cells.querySelectorAll(".emoji-grid")];
    const columns = getComputedStyle(grids[0]).gridTemplateColumns.split(" ").length;
    const lengths = grids.map(({ children }) => children.length);
    const next = moveInGrids(keyFromLeftToRight(event.key, this.#cells), index, lengths, columns);
    if (next !== null) buttons[next].focus();
    else if (event.key === "ArrowUp") this.#search.focus();
    else if (event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey) {
      // The browser writes the letter into the field that has the focus.
      this.#search.focus();
      return;
    } else return;
    event.preventDefault();
  }

  /** @param {EventTarget | null} target */
  #focused(target) {
    for (const button of this.#cells.querySelectorAll("[tabindex='0']")) button.setAttribute("tabindex", "-1");
    if (target instanceof HTMLButtonElement) target.tabIndex = 0;
    this.#describe(target);
  }

  /** @param {EventTarget | null} target */
  #describe(target) {
    if (!(target instanceof HTMLButtonElement)) return;
    // A screen reader already reads the button's name, so it must not read the same status too.
    this.#status.setAttribute("aria-live", "off");
    this.#status.textContent = `${target.textContent} ${target.getAttribute("aria-label")}`.trim();
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const emoji = closestTo(event, "button")?.dataset.emoji;
    if (!emoji) return;
    this.#choices.add(emoji);
    this.dialog?.close();
    this.#choose(emoji);
  }
}

/**
 * @param {HTMLDialogElement} dialog
 * @param {HTMLElement} opener
 */
function placeBeside(dialog, opener) {
  const { left, right, top, bottom } = opener.getBoundingClientRect();
  const { width, height } = dialog.getBoundingClientRect();
  const fits = (/** @type {number} */ y) => Math.max(EDGE_PX, Math.min(y, window.innerHeight - height - EDGE_PX));
  dialog.classList.add("beside");
  const x = isRightToLeft(opener) ? left : right - width;
  dialog.style.left = `${Math.max(EDGE_PX, Math.min(x, window.innerWidth - width - EDGE_PX))}px`;
  dialog.style.top = `${fits(top - height - EDGE_PX > 0 ? top - height - EDGE_PX : bottom + EDGE_PX)}px`;
}

/**
 * Opens the picker, and returns its dialog.
 * @param {object} options
 * @param {string} options.title
 * @param {HTMLElement} options.opener the dialog opens beside this element in a wide window
 * @param {(emoji: string) => void} options.choose is called with the chosen emoji, after the dialog has closed
 */
export function openEmojiPicker({ title, opener, choose }) {
  return new Picker(choose).open(title, opener);
}
