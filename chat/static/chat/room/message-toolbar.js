// @ts-check
// The toolbar of messages. It floats over the message under the mouse or the keyboard's focus. After a tap, and always in a
// narrow window, it is docked: it is below the text, and its buttons are large enough for a finger. A tap on the same message
// or outside the list hides a docked toolbar.
// Must not change a message: it passes the chosen action and the message's id to `act`.

import { keyFromLeftToRight } from "../ui/direction.js";
import { make } from "../ui/dom.js";
import { confirmWithSecondClick } from "../ui/forms.js";
import { keyName } from "../ui/key-names.js";
import { icon } from "../ui/pictures.js";
import { gettext, pgettext } from "../ui/translation.js";
import { EMOJI, choicesFor } from "./message-choices.js";

/** @type {Set<string>} */
const IN_TOOLBAR = new Set(["emoji", "reply", "thread", "edit", "report", "remove"]);
// A floating toolbar is about 400 px wide. In a narrow window it would cover the text.
const narrow = window.matchMedia("(width <= 640px)");

/** @typedef {import("./message-choices.js").Act} Act */
/** @typedef {import("./message-choices.js").Rights} Rights */

export class MessageToolbar {
  /** @type {HTMLElement} */
  #list;
  /** @type {(id: number) => Rights | null} */
  #rightsOn;
  /** @type {Act} */
  #act;
  /** @type {HTMLElement | null} */
  #item = null;
  #hasEmoji = true;
  #pointerType = "mouse";
  #bar = make("div", { class: "toolbar", role: "toolbar", "aria-label": pgettext("name of a toolbar", "Message"), "aria-live": "off" });

  /**
   * @param {HTMLElement} list the list of messages
   * @param {(id: number) => Rights | null} rightsOn returns the person's rights on a message; null for none
   * @param {Act} act
   * @param {import("../ui/scope.js").Scope} scope
   * @param {{ hasEmoji?: boolean }} [options] hasEmoji: there is space for the buttons of EMOJI
   */
  constructor(list, rightsOn, act, scope, { hasEmoji = true } = {}) {
    this.#list = list;
    this.#rightsOn = rightsOn;
    this.#act = act;
    this.#hasEmoji = hasEmoji;
    list.addEventListener("pointerdown", ({ pointerType }) => { this.#pointerType = pointerType; }, true);
    list.addEventListener("pointerover", (event) => this.#hovered(event));
    // A finger leaves the list before its click arrives, so only a mouse hides the toolbar by leaving.
    list.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && this.#left());
    list.addEventListener("focusin", ({ target }) => this.#focused(target));
    list.addEventListener("focusout", ({ relatedTarget }) => this.#blurred(relatedTarget));
    scope.listen(document, "click", (event) => this.#clicked(event));
    this.#bar.addEventListener("keydown", (event) => this.#keyPressed(event));
  }

  hide() {
    const item = this.#item;
    const hadFocus = this.#hasFocus;
    this.#detach();
    if (hadFocus) item?.focus({ preventScroll: true });
  }

  /** Hides the toolbar if its message was removed, or if the person has lost all rights on the message. */
  refresh() {
    if (this.#item && (!this.#rightsOn(idOf(this.#item)) || !this.#bar.isConnected)) this.hide();
  }

  /**
   * Asks whether to remove the message with the focus, as the first click on "Remove" does. Enter then confirms.
   * @param {HTMLElement} item
   */
  askToRemove(item) {
    this.#show(item, narrow.matches);
    const button = this.#item === item ? this.#bar.querySelector("[data-action=remove]") : null;
    if (!(button instanceof HTMLButtonElement)) return;
    button.focus();
    if (!button.classList.contains("confirming")) button.click();
  }

  get #hasFocus() {
    return this.#bar.contains(document.activeElement);
  }

  get #isDocked() {
    return this.#item !== null && this.#bar.classList.contains("docked");
  }

  /** @param {PointerEvent} event */
  #hovered({ pointerType, target }) {
    if (pointerType !== "mouse" || narrow.matches || this.#isDocked) return;
    if (!this.#bar.querySelector(":focus-visible")) this.#showAt(target, false);
  }

  #left() {
    if (!this.#isDocked && !this.#hasFocus) this.hide();
  }

  /** @param {EventTarget | null} target */
  #focused(target) {
    // A click also moves the focus, but `#clicked` decides about the toolbar then.
    if (target instanceof Element && target.matches(":focus-visible")) this.#showAt(target, narrow.matches);
  }

  /** @param {EventTarget | null} next the element that gets the focus */
  #blurred(next) {
    const isElsewhere = next instanceof Element && !this.#list.contains(next) && !next.closest("dialog");
    if (isElsewhere && this.#item && !this.#item.matches(":hover")) this.hide();
  }

  /** @param {MouseEvent} event */
  #clicked({ target }) {
    if (!(target instanceof Element) || !target.isConnected) return;
    if (!this.#list.contains(target)) {
      if (this.#isDocked && !target.closest("dialog")) this.hide();
      return;
    }
    // A link, a quote or a reaction has an action of its own. A drag that selected text also ends with a click.
    if (target.closest("a, button") || window.getSelection()?.type === "Range") return;
    const isTap = this.#pointerType !== "mouse";
    if (isTap && this.#isDocked && target.closest(".message") === this.#item) this.hide();
    else this.#showAt(target, isTap || narrow.matches);
  }

  /**
   * @param {EventTarget | null} target
   * @param {boolean} isDocked
   */
  #showAt(target, isDocked) {
    if (!(target instanceof Element) || this.#bar.contains(target)) return;
    const item = target.closest(".message");
    if (item instanceof HTMLElement && this.#list.contains(item)) this.#show(item, isDocked);
  }

  /**
   * @param {HTMLElement} item
   * @param {boolean} isDocked
   */
  #show(item, isDocked) {
    if (item === this.#item && isDocked === this.#isDocked && this.#bar.isConnected) return;
    const rights = this.#rightsOn(idOf(item));
    if (!rights) {
      this.hide();
      return;
    }
    const old = this.#item;
    const hadFocus = this.#hasFocus;
    this.#detach();
    this.#item = item;
    item.classList.add("active");
    this.#bar.classList.toggle("docked", isDocked);
    this.#bar.replaceChildren(...this.#makeButtons(idOf(item), rights));
    item.append(this.#bar);
    if (isDocked) this.#bar.scrollIntoView({ block: "nearest" });
    if (hadFocus) old?.focus({ preventScroll: true });
  }

  #detach() {
    this.#item?.classList.remove("active");
    this.#item = null;
    this.#bar.remove();
  }

  /**
   * @param {number} id
   * @param {Rights} rights
   */
  #makeButtons(id, rights) {
    const act = (/** @type {() => void} */ take) => () => {
      take();
      if (this.#isDocked && !this.#bar.querySelector(":focus-visible")) this.hide();
    };
    const buttons = (this.#hasEmoji ? EMOJI : []).map((emoji, index) => {
      const react = act(() => this.#act("react", id, emoji));
      const button = makeButton("react", gettext("React with %(emoji)s", { emoji }), String(index + 1), emoji, react);
      button.dataset.emoji = emoji;
      return button;
    });
    for (const { action, label, key, icon: name } of choicesFor(rights)) {
      if (!IN_TOOLBAR.has(action)) continue;
      const take = act(() => this.#act(action, id));
      const button = makeButton(action, label, key, icon(name), action === "remove" ? undefined : take);
      buttons.push(action === "remove" ? confirmWithSecondClick(button, gettext("Remove?"), take) : button);
    }
    buttons.push(makeButton("more", gettext("More actions"), "Enter", icon("more"), act(() => this.#act("more", id))));
    // The Tab key stops once in the toolbar. The arrow keys move inside.
    for (const button of buttons.slice(1)) button.tabIndex = -1;
    return buttons;
  }

  /** @param {KeyboardEvent} event */
  #keyPressed(event) {
    const buttons = /** @type {HTMLElement[]} */ ([...this.#bar.children]);
    const index = buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const last = buttons.length - 1;
    /** @type {Record<string, number>} */
    const targets = { ArrowLeft: index > 0 ? index - 1 : last, ArrowRight: index < last ? index + 1 : 0, Home: 0, End: last };
    const next = buttons[targets[keyFromLeftToRight(event.key, this.#bar)] ?? -1];
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    for (const button of buttons) button.tabIndex = button === next ? 0 : -1;
    next.focus();
  }
}

/** @param {HTMLElement} item */
function idOf(item) {
  return Number(item.dataset.id);
}

/**
 * @param {string} action
 * @param {string} label
 * @param {string | null} key
 * @param {string | Node} content
 * @param {() => void} [act]
 */
function makeButton(action, label, key, content, act) {
  return make(
    "button",
    {
      type: "button", title: key ? `${label} (${keyName(key)})` : label, "aria-label": label,
      "aria-keyshortcuts": key, "data-action": action, onclick: act,
    },
    content,
  );
}
