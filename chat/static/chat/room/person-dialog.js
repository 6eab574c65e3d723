// The dialog about one person in the room: what those who moderate may do with them.
// Must not judge: the server does; here is only what makes sense to offer.

import { call } from "../connection/api.js";
import { openDialog } from "../ui/dialog.js";
import { Complaint, field, plainButton, sureButton } from "../ui/forms.js";
import { make, shortTime } from "../ui/dom.js";

const PLAIN = new Set(["member", "guest"]);
const MUTES = [
  ["mute-600", "Mute for 10 minutes", 600],
  ["mute-3600", "Mute for 1 hour", 3_600],
  ["mute", "Mute until lifted", null],
];

/** How somebody stands, in words. */
export function describeStanding({ role, until }) {
  if (role === "muted") return until ? `muted until ${shortTime(until)}` : "muted";
  return role ?? "not in this room";
}

export class PersonDialog {
  #slug;
  #handle;
  #rights;
  #standing = null;
  #words = make("p", { class: "lead", "data-testid": "standing", text: "One moment…" });
  #buttons = make("div", { class: "choices" });
  #complaint = new Complaint();
  #reason = make("input", { id: "moderation-reason", maxlength: 500, autocomplete: "off", "data-testid": "reason" });

  /** `rights` says who looks: {isOwner}. */
  constructor(slug, handle, rights) {
    this.#slug = slug;
    this.#handle = handle;
    this.#rights = rights;
    const reason = field("Reason", this.#reason, { help: "It is kept in the log.", isOptional: true });
    this.dialog = openDialog(handle, "person-dialog", this.#words, reason, this.#buttons, this.#complaint.element);
    this.#ask(() => call("GET", `${this.#path}${encodeURIComponent(handle)}/`));
  }

  get #path() {
    return `/api/rooms/${this.#slug}/members/`;
  }

  async #ask(question) {
    const isAnswered = await this.#complaint.guard(async () => { this.#standing = await question(); });
    if (isAnswered) this.#draw();
    else if (!this.#standing) this.#words.textContent = "";
    return isAnswered;
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
