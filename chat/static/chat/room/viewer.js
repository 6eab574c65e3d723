// @ts-check
// Shows the pictures of a conversation one at a time, over the whole page: arrow keys and swipes change the picture, and
// a double click, a button, + and -, or Ctrl with the wheel change its size. Loads with the dialogs.
// Must not know the conversation.

import { keyFromLeftToRight, isRightToLeft } from "../ui/direction.js";
import { make } from "../ui/dom.js";
import { fullTime, isolate, personName } from "../ui/format.js";
import { icon } from "../ui/pictures.js";
import { gettext } from "../ui/translation.js";
import { fileSize } from "../ui/units.js";

const SWIPE_PX = 50;
const STEP = 1.5;
const LARGEST = 8;

/** @typedef {{ file: import("../connection/wire.js").MessageFile, author: import("../connection/wire.js").PersonName, at: string }} Shown */

/**
 * Opens the viewer.
 * @param {Shown[]} shown
 * @param {number} index the position of the picture that is shown first
 */
export function openViewer(shown, index) {
  return new Viewer(shown, index);
}

class Viewer {
  /** @type {Shown[]} */
  #shown;
  #index;
  /** The size of the picture, as a multiple of the size at which it fits into the window. */
  #scale = 1;
  #image = make("img", { draggable: "false" });
  #stage = make("div", { class: "viewer-stage", tabindex: "0", role: "group" }, this.#image);
  #title = make("bdi", { class: "viewer-name" });
  #facts = make("small", {});
  #count = make("span", { class: "viewer-count", role: "status" });
  #download = make("a", { class: "icon-button", "data-action": "download", "aria-label": gettext("Download"), title: gettext("Download") }, icon("download"));
  #zoom = makeButton("zoom", gettext("Zoom in"), "zoom", () => this.#toggleZoom());
  #before = makeButton("before", gettext("Earlier picture"), "back", () => this.#go(-1));
  #after = makeButton("after", gettext("Later picture"), "back", () => this.#go(1));
  /** @type {HTMLDialogElement} */
  #dialog;
  /** @type {{ x: number, y: number } | null} */
  #pressed = null;

  /**
   * @param {Shown[]} shown
   * @param {number} index
   */
  constructor(shown, index) {
    this.#shown = shown;
    this.#index = index;
    const close = makeButton("close", gettext("Close"), "close", () => this.#dialog.close());
    const about = make("div", { class: "viewer-about" }, this.#title, this.#facts);
    const top = make("header", {}, about, this.#count, this.#zoom, this.#download, close);
    this.#dialog = make("dialog", { class: "viewer", id: "viewer", "aria-label": gettext("Pictures") }, top, this.#stage, this.#before, this.#after);
    this.#listen();
    document.body.append(this.#dialog);
    this.#dialog.showModal();
    this.#show();
    this.#stage.focus();
  }

  #listen() {
    const stage = this.#stage;
    this.#dialog.addEventListener("close", () => this.#dialog.remove());
    this.#dialog.addEventListener("keydown", (event) => this.#keyPressed(event));
    stage.addEventListener("click", ({ target }) => target === stage && this.#scale === 1 && this.#dialog.close());
    this.#image.addEventListener("dblclick", () => this.#toggleZoom());
    this.#image.addEventListener("error", () => this.#failed());
    stage.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      this.#setScale(this.#scale * (event.deltaY < 0 ? STEP : 1 / STEP));
    }, { passive: false });
    stage.addEventListener("pointerdown", ({ isPrimary, pointerType, clientX: x, clientY: y }) => {
      this.#pressed = isPrimary && pointerType !== "mouse" && this.#scale === 1 ? { x, y } : null;
    });
    stage.addEventListener("pointerup", (event) => this.#released(event));
    stage.addEventListener("pointercancel", () => { this.#pressed = null; });
  }

  /** @param {PointerEvent} event */
  #released({ clientX, clientY }) {
    if (!this.#pressed) return;
    const [x, y] = [clientX - this.#pressed.x, clientY - this.#pressed.y];
    this.#pressed = null;
    if (Math.abs(x) < SWIPE_PX || Math.abs(x) < Math.abs(y)) return;
    this.#go((x < 0 ? 1 : -1) * (isRightToLeft(this.#dialog) ? -1 : 1));
  }

  /** @param {number} step */
  #go(step) {
    const next = this.#index + step;
    if (next < 0 || next >= this.#shown.length) return;
    this.#index = next;
    this.#show();
    if (this.#before.disabled || this.#after.disabled) this.#stage.focus();
  }

  #show() {
    const { file, author, at } = this.#shown[this.#index];
    this.#title.textContent = file.name;
    this.#facts.textContent = gettext("%(author)s, %(time)s, %(size)s", { author: personName(author), time: fullTime(at), size: fileSize(file.size) });
    this.#count.textContent = this.#shown.length > 1
      ? gettext("%(number)s of %(count)s", { number: this.#index + 1, count: this.#shown.length }) : "";
    this.#image.alt = file.name;
    this.#stage.setAttribute("aria-label", gettext("Picture %(name)s", { name: isolate(file.name) }));
    this.#download.href = file.url;
    this.#download.download = file.name;
    this.#before.disabled = this.#index === 0;
    this.#after.disabled = this.#index === this.#shown.length - 1;
    this.#load(file);
    this.#setScale(1);
  }

  /**
   * Shows the thumbnail until the picture has arrived.
   * @param {Shown["file"]} file
   */
  #load(file) {
    const { width = 1, height = 1 } = file;
    this.#image.width = width;
    this.#image.height = height;
    this.#image.src = file.thumbnail ?? file.url;
    const whole = new Image();
    whole.addEventListener("load", () => {
      if (this.#shown[this.#index].file === file) this.#image.src = file.url;
    });
    whole.src = file.url;
  }

  #failed() {
    this.#facts.textContent = gettext("This picture could not be loaded.");
  }

  #toggleZoom() {
    this.#setScale(this.#scale > 1 ? 1 : Math.max(2, this.#naturalScale));
  }

  /** The scale at which a pixel of the picture is a pixel of the page. */
  get #naturalScale() {
    const { width = 1 } = this.#shown[this.#index].file;
    return Math.min(LARGEST, (width * this.#scale) / (this.#image.clientWidth || width));
  }

  /** @param {number} scale */
  #setScale(scale) {
    const stage = this.#stage;
    const old = this.#scale;
    if (old === 1) this.#fitted = this.#image.clientWidth;
    this.#scale = scale < 1.1 ? 1 : Math.min(LARGEST, scale);
    const isLarge = this.#scale > 1;
    stage.classList.toggle("zoomed", isLarge);
    this.#image.style.width = isLarge ? `${this.#fitted * this.#scale}px` : "";
    if (isLarge && old === 1) stage.scrollTo((stage.scrollWidth - stage.clientWidth) / 2, (stage.scrollHeight - stage.clientHeight) / 2);
    const words = isLarge ? gettext("Zoom out") : gettext("Zoom in");
    this.#zoom.setAttribute("aria-label", words);
    this.#zoom.title = words;
  }

  #fitted = 0;

  /** @param {KeyboardEvent} event */
  #keyPressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = keyFromLeftToRight(event.key, this.#dialog);
    /** @type {Record<string, () => void>} */
    const actions = {
      "+": () => this.#setScale(this.#scale * STEP), "=": () => this.#setScale(this.#scale * STEP), "-": () => this.#setScale(this.#scale / STEP), "0": () => this.#setScale(1),
    };
    // In a large picture, the arrow keys scroll.
    if (this.#scale === 1) Object.assign(actions, { ArrowLeft: () => this.#go(-1), ArrowRight: () => this.#go(1), Home: () => this.#go(-this.#index), End: () => this.#go(this.#shown.length - 1 - this.#index) });
    const act = actions[key];
    if (!act) return;
    event.preventDefault();
    act();
  }
}

/**
 * @param {string} action
 * @param {string} text
 * @param {string} picture
 * @param {() => void} act
 */
function makeButton(action, text, picture, act) {
  return make("button", { type: "button", class: "icon-button", "data-action": action, "aria-label": text, title: text, onclick: act }, icon(picture));
}
