// What those who moderate a room see more than others: the button beside a person, and the dialog with the open
// reports, the muted and banned, and the log. Must not judge who may do what: the server does.

import { call } from "../connection/api.js";
import { onMenu, openDialog } from "../ui/dialog.js";
import { Complaint, plainButton, sureButton } from "../ui/forms.js";
import { Listing } from "../ui/paged-list.js";
import { find, fullTime, make, timeAgo } from "../ui/dom.js";
import { PersonDialog, describeStanding } from "./person-dialog.js";
import { MODERATES } from "./own-role.js";

const SOON_MS = 200;
const LENGTHS = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];

function forHowLong(seconds) {
  const [unit, size] = LENGTHS.find(([, length]) => seconds % length === 0);
  const count = seconds / size;
  return ` for ${count} ${unit}${count === 1 ? "" : "s"}`;
}

function roleDeed({ before, after, seconds }) {
  if (after === "muted") return ["muted", seconds ? forHowLong(seconds) : ""];
  if (after === "banned") return ["banned", ""];
  if (after === null) return [before === "banned" ? "lifted the ban of" : "removed from the room:", ""];
  if (before === "muted") return ["unmuted", ""];
  if (before === "banned") return ["lifted the ban of", ""];
  return ["made", ` ${after === "owner" ? "an" : "a"} ${after}`];
}

/** An entry of the audit log in words: [who did what, whom, and more]. */
function deed(entry) {
  const message = `message ${entry.message} of`;
  if (entry.act === "role") return roleDeed(entry);
  if (entry.act === "report") return [`${entry.after === "removed" ? "upheld" : "dismissed"} a report of ${message}`];
  return [`${entry.act === "edit" ? "edited" : "removed"} ${message}`];
}

export class Moderation {
  #slug;
  #me;
  #standing;
  #jump;
  #menu = find("menu-moderation");
  #count = make("span", { class: "count", "data-testid": "open-reports", hidden: true });
  #isOperator = this.#menu !== null && "operator" in this.#menu.dataset;
  #listings = [];
  #timer = null;

  /** `standing` is what this person is in the room; `jump(id)` shows a message. */
  constructor(slug, me, standing, jump) {
    this.#slug = slug;
    this.#me = me;
    this.#standing = standing;
    this.#jump = jump;
    this.#menu?.append(" ", this.#count);
    onMenu("menu-moderation", () => this.#open());
  }

  get isOpen() {
    return this.#menu !== null && (this.#isOperator || this.#standing.moderates);
  }

  /** To be called when one's own standing may have changed. */
  update() {
    if (this.#menu === null) return;
    this.#menu.hidden = !this.isOpen;
    this.refresh();
  }

  /** Something was reported or decided, or somebody stands otherwise: looked at soon, for it may be many at once. */
  refresh() {
    if (this.isOpen) this.#timer ??= setTimeout(() => this.#refreshNow(), SOON_MS);
  }

  #refreshNow() {
    this.#timer = null;
    this.#countReports();
    for (const listing of this.#listings) listing.refresh();
  }

  /** The button beside a person in the list, where there is something to do; of newcomers the role is not known. */
  button(handle, role) {
    const isAbove = MODERATES.has(role) && !this.#isOwner;
    if (!this.isOpen || handle === this.#me || isAbove) return null;
    const label = `Moderate ${handle}`;
    const onclick = () => this.#about(handle);
    return make("button", {
      type: "button", class: "icon-button tools", "data-testid": "person-tools", title: label, "aria-label": label,
      "aria-haspopup": "dialog", text: "⋯", onclick,
    });
  }

  async #countReports() {
    try {
      const { reports, more } = await call("GET", `${this.#path}reports/`);
      this.#count.textContent = more ? `${reports.length}+` : String(reports.length);
      this.#count.hidden = reports.length === 0;
      const menu = find("room-menu");
      menu.classList.toggle("calls", reports.length > 0);
      const label = reports.length ? "This room: something is reported" : "This room";
      menu.querySelector("summary").setAttribute("aria-label", label);
    } catch {
      // Nobody waits for it, and the next `reported` asks again.
    }
  }

  get #isOwner() {
    return this.#isOperator || this.#standing.role === "owner";
  }

  get #path() {
    return `/api/rooms/${this.#slug}/`;
  }

  #about(handle) {
    return new PersonDialog(this.#slug, handle, { isOwner: this.#isOwner });
  }

  #open() {
    const reports = this.#listing("reports/", "reports", "Nothing is reported.", "reports", (one) => this.#report(one));
    const draw = (member) => this.#member(member);
    const muted = this.#listing("members/?role=muted", "members", "Nobody is muted.", "the-muted", draw);
    const banned = this.#listing("members/?role=banned", "members", "Nobody is banned.", "the-banned", draw);
    const log = this.#listing("audit/", "entries", "Nothing yet.", "audit", (entry) => this.#entry(entry));
    this.#listings = [reports, muted, banned, log];
    const sections = [["Reports", reports], ["Muted", muted], ["Banned", banned], ["What was done", log]];
    const dialog = openDialog("Moderation", "moderation-dialog", ...sections.map(([title, listing]) => (
      make("section", {}, make("h3", { text: title }), listing.element)
    )));
    dialog.classList.add("wide");
    dialog.addEventListener("close", () => { this.#listings = []; });
    this.#refreshNow();
  }

  #listing(path, name, empty, testId, draw) {
    return new Listing(`${this.#path}${path}`, name, { draw, empty, testId });
  }

  #name(handle) {
    const text = handle;
    if (handle === this.#me) return make("b", { text });
    return make("button", { type: "button", class: "link", text, onclick: () => this.#about(handle) });
  }

  #report({ id, message, author, body, reporter, reason, at }) {
    const item = make("li", { "data-testid": "report", "data-id": id });
    const complaint = new Complaint();
    const close = (action) => () => this.#do(complaint, () => call("PUT", `${this.#path}reports/${id}/`, { action }));
    item.append(
      make("p", {}, this.#name(author.handle), " said:"),
      make("blockquote", { class: "reported", text: body }),
      make("p", {}, make("b", { text: reporter.handle }), `: ${reason} `, this.#time(at)),
      make("div", { class: "choices" },
        sureButton("remove-report", "Remove the message", "Really remove?", close("remove")),
        plainButton("dismiss-report", "Dismiss", close("dismiss")),
        plainButton("show-report", "Show it", () => this.#show(item, message))),
      complaint.element,
    );
    return item;
  }

  #show(item, message) {
    item.closest("dialog").close();
    this.#jump(message);
  }

  #member(member) {
    const { handle, role } = member;
    const complaint = new Complaint();
    const body = { handle, role: "member", was: role };
    const lift = () => this.#do(complaint, () => call("PUT", `${this.#path}members/`, body));
    const word = role === "banned" ? "Lift the ban" : "Unmute";
    const until = role === "banned" ? null : make("span", { class: "role", text: describeStanding(member) });
    const line = make("div", { class: "between" }, this.#name(handle), until, plainButton("lift", word, lift));
    return make("li", { "data-testid": "standing", "data-handle": handle }, line, complaint.element);
  }

  #entry(entry) {
    const [what, more = ""] = deed(entry);
    const who = entry.actor?.handle ?? "The shell";
    const reason = entry.reason ? ` “${entry.reason}”` : "";
    const whom = make("b", { text: entry.person.handle });
    const words = [make("b", { text: who }), ` ${what} `, whom, `${more}.${reason} `, this.#time(entry.at)];
    return make("li", { "data-testid": "audit-entry" }, ...words);
  }

  #time(at) {
    return make("time", { datetime: at, title: fullTime(at), text: timeAgo(at) });
  }

  async #do(complaint, act) {
    if (await complaint.guard(act)) this.refresh();
  }
}
