// What dialogs are made of: fields, buttons, and the line that says what was refused.
// Must not know what is asked or done.

import { Refusal } from "../connection/api.js";
import { make } from "./dom.js";

const SURE_MS = 4_000;

/** A labelled input, which has an id; `help` is said below it. */
export function field(label, input, { help = null, isOptional = false } = {}) {
  const hint = help && make("p", { class: "help", id: `${input.id}-help`, text: help });
  if (hint) input.setAttribute("aria-describedby", hint.id);
  const words = make("label", { for: input.id }, label, isOptional && make("small", { text: " (optional)" }));
  return make("div", { class: "field" }, words, input, hint);
}

/** A <select>; `choices` are pairs of value and text, the first of them chosen. */
export function select(id, choices) {
  const options = choices.map(([value, text]) => make("option", { value, text }));
  return make("select", { id, "data-testid": id }, ...options);
}

export function plainButton(testId, text, act) {
  return make("button", { type: "button", class: "button quiet small", "data-testid": testId, text, onclick: act });
}

/** Makes a button act at its second click only: a dialog for one word is too much, none is too little. */
export function askTwice(button, question, act) {
  const content = [...button.childNodes];
  const label = button.getAttribute("aria-label");
  let timer = null;
  const name = (words) => label && button.setAttribute("aria-label", words);
  const calm = () => {
    button.classList.remove("sure");
    button.replaceChildren(...content);
    name(label);
  };
  button.addEventListener("click", () => {
    clearTimeout(timer);
    if (button.classList.contains("sure")) {
      calm();
      act();
      return;
    }
    button.classList.add("sure");
    button.textContent = question;
    name(question);
    timer = setTimeout(calm, SURE_MS);
  });
  return button;
}

export function sureButton(testId, text, question, act) {
  return askTwice(plainButton(testId, text), question, act);
}

/** The line of a dialog that says what went wrong, and is not there when nothing did. */
export class Complaint {
  element;

  constructor(testId = null) {
    this.element = make("p", { class: "errors", role: "alert", "data-testid": testId, hidden: true });
  }

  say(sentence) {
    this.element.textContent = sentence;
    this.element.hidden = !sentence;
  }

  /** Does what may be refused, and says so then. Returns whether it went well. */
  async guard(act) {
    try {
      await act();
      this.say("");
      return true;
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      this.say(refusal.message);
      return false;
    }
  }
}
