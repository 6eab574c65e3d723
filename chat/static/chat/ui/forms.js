// @ts-check
// The parts of dialogs: fields, buttons, and the line that shows an error. Must not know what a dialog is for.

import { asApiError } from "../connection/api.js";
import { make } from "./dom.js";
import { gettext } from "./translation.js";

const CONFIRM_MS = 4_000;

/**
 * Makes a labelled field.
 * @param {string} label
 * @param {HTMLElement} input has an id
 * @param {{ help?: string | null, isOptional?: boolean }} [options] `help` is shown below the input
 */
export function field(label, input, { help = null, isOptional = false } = {}) {
  const hint = help && make("p", { class: "help", id: `${input.id}-help`, text: help });
  if (hint) input.setAttribute("aria-describedby", hint.id);
  const words = make("label", { for: input.id }, label, isOptional && " ", isOptional && make("small", { text: gettext("(optional)") }));
  return make("div", { class: "field" }, words, input, hint);
}

/**
 * Makes a <select> whose first choice is selected.
 * @param {string} id
 * @param {[value: string, text: string][]} choices
 */
export function select(id, choices) {
  return make("select", { id }, ...choices.map(([value, text]) => make("option", { value, text })));
}

/**
 * Makes a small button.
 * @param {string | null} action the value of `data-action`
 * @param {string} text
 * @param {() => void} [act]
 */
export function smallButton(action, text, act) {
  return make("button", { type: "button", class: "button quiet small", "data-action": action, text, onclick: act });
}

/**
 * Makes a button act only at its second click, so that one wrong click does no harm. The button shows the question.
 * @param {HTMLButtonElement} button
 * @param {string} question is shown after the first click, for four seconds
 * @param {() => void} act
 */
export function confirmWithSecondClick(button, question, act) {
  const content = [...button.childNodes];
  const label = button.getAttribute("aria-label");
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const setLabel = (/** @type {string} */ words) => label && button.setAttribute("aria-label", words);
  const reset = () => {
    button.classList.remove("confirming");
    button.replaceChildren(...content);
    setLabel(label ?? "");
  };
  button.addEventListener("click", () => {
    clearTimeout(timer);
    if (button.classList.contains("confirming")) {
      reset();
      act();
      return;
    }
    button.classList.add("confirming");
    button.textContent = question;
    setLabel(question);
    timer = setTimeout(reset, CONFIRM_MS);
  });
  return button;
}

/**
 * Makes a small button that acts at its second click.
 * @param {string} action the value of `data-action`
 * @param {string} text
 * @param {string} question
 * @param {() => void} act
 */
export function confirmButton(action, text, question, act) {
  return confirmWithSecondClick(smallButton(action, text), question, act);
}

/**
 * Marks a field as wrong, names the element that says why, and moves the focus to the field.
 * @param {HTMLElement} input
 * @param {HTMLElement} reason has an id
 */
export function markInvalid(input, reason) {
  const ids = new Set((input.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean)).add(reason.id);
  input.setAttribute("aria-describedby", [...ids].join(" "));
  input.setAttribute("aria-invalid", "true");
  input.focus();
}

let errorLines = 0;

/** The line of a dialog that shows an error. The line is hidden while there is no error. */
export class ErrorLine {
  /** @type {HTMLElement | null} */
  #input = null;

  /** @param {string | null} [id] */
  constructor(id = null) {
    errorLines += 1;
    this.element = make("p", { class: "errors", role: "alert", id: id ?? `error-${errorLines}`, hidden: true });
  }

  /**
   * @param {string} sentence "" hides the line
   * @param {HTMLElement | null} [input] the field that is wrong, which gets the focus
   */
  show(sentence, input = null) {
    this.element.textContent = sentence;
    this.element.hidden = !sentence;
    if (this.#input !== input) this.#input?.removeAttribute("aria-invalid");
    this.#input = sentence ? input : null;
    if (this.#input) markInvalid(this.#input, this.element);
  }

  /**
   * Awaits a request to the API, and shows its error. Returns whether the request succeeded.
   * @param {() => Promise<unknown>} request
   */
  async guard(request) {
    try {
      await request();
      this.show("");
      return true;
    } catch (error) {
      this.show(asApiError(error).message);
      return false;
    }
  }
}
