// The dialog about one person in the room: what those who moderate may do with them.
// Must not judge: the server does; here is only what makes sense to offer.

import { call } from "./api.js";
import { openDialog } from "./dialog.js";
import { make } from "./page.js";
import { untilWhen } from "./standing.js";

const SURE_MS = 4_000;
const PLAIN = new Set(["member", "guest"]);
const MUTES = [
  ["mute-600", "Mute for 10 minutes", 600],
  ["mute-3600", "Mute for 1 hour", 3_600],
  ["mute", "Mute until lifted", null],
];

/** A button that acts at the second click: a dialog for one word is too much, none is too little. */
export function sureButton(testId, text, question, act) {
  const button = make("button", { type: "button", class: "button quiet small", "data-testid": testId, text });
  let timer = null;
  const calm = () => {
    button.classList.remove("sure");
    button.textContent = text;
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
    timer = setTimeout(calm, SURE_MS);
  });
  return button;
}

export function plainButton(testId, text, act) {
  return make("button", { type: "button", class: "button quiet small", "data-testid": testId, text, onclick: act });
}

/** How somebody stands, in words. */
export function describeStanding({ role, until }) {
  if (role === "muted") return until ? `muted until ${untilWhen(until)}` : "muted";
  return role ?? "not in this room";
}

export class PersonDialog {
  #slug;
  #handle;
  #rights;
  #standing = null;
  #words = make("p", { class: "lead", "data-testid": "standing" });
  #buttons = make("div", { class: "choices" });
  #error = make("p", { class: "errors", role: "alert", hidden: true });
  #reason = make("input", { id: "moderation-reason", maxlength: 500, autocomplete: "off", "data-testid": "reason" });

  /** `rights` says who looks: {isOwner}. */
  constructor(slug, handle, rights) {
    this.#slug = slug;
    this.#handle = handle;
    this.#rights = rights;
    const field = make(
      "div", { class: "field" },
      make("label", { for: "moderation-reason" }, "Reason ", make("small", { text: "for the log, if you like" })),
      this.#reason,
    );
    this.dialog = openDialog(handle, "person-dialog", this.#words, field, this.#buttons, this.#error);
    this.#ask(() => call("GET", `${this.#path}${encodeURIComponent(handle)}/`));
  }

  get #path() {
    return `/api/rooms/${this.#slug}/members/`;
  }

  async #ask(question) {
    try {
      this.#standing = await question();
      this.#error.hidden = true;
      this.#draw();
      return true;
    } catch (refusal) {
      this.#error.textContent = refusal.message;
      this.#error.hidden = false;
      return false;
    }
  }

  // The handle goes in the body: a browser takes one like ".." out of an address.
  async #give(role, seconds = null) {
    const was = this.#standing.role ?? undefined;
    const body = { handle: this.#handle, role, seconds, reason: this.#reason.value, was };
    if (await this.#ask(() => call("PUT", this.#path, body))) this.#reason.value = "";
  }

  #draw() {
    this.#words.textContent = `In this room: ${describeStanding(this.#standing)}.`;
    const hadFocus = this.#buttons.contains(document.activeElement);
    this.#buttons.replaceChildren(...this.#choices());
    if (hadFocus) this.#buttons.querySelector("button")?.focus();
  }

  #choices() {
    const { role } = this.#standing;
    const { isOwner } = this.#rights;
    if (!isOwner && (role === "owner" || role === "moderator")) {
      return [make("p", { class: "help", text: "Only the owners of this room may change that." })];
    }
    if (role === "banned") return [plainButton("unban", "Lift the ban", () => this.#give("member"))];
    const choices = role === "muted" ? [plainButton("unmute", "Unmute", () => this.#give("member"))] : [];
    choices.push(...MUTES.map(([testId, text, seconds]) => plainButton(testId, text, () => this.#give("muted", seconds))));
    choices.push(sureButton("ban", "Ban from this room", "Really ban?", () => this.#give("banned")));
    return isOwner ? [...choices, ...this.#names(role)] : choices;
  }

  #names(role) {
    const moderator = () => this.#give("moderator");
    if (role === "owner") return [sureButton("unmake-owner", "No owner any more", "Really?", moderator)];
    const makeOwner = sureButton("make-owner", "Make an owner", "Really? Owners may do all", () => this.#give("owner"));
    if (role === "moderator") {
      return [plainButton("unmake-moderator", "No moderator any more", () => this.#give("member")), makeOwner];
    }
    return PLAIN.has(role) ? [plainButton("make-moderator", "Make a moderator", moderator), makeOwner] : [];
  }
}
