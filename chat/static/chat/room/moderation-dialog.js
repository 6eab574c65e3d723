// @ts-check
// The moderation dialog: the open reports, the muted and banned people, and the moderation log.
// Must not decide who may moderate: the server does.

import { call } from "../connection/api.js";
import { ROLE } from "../connection/wire.js";
import { make } from "../ui/dom.js";
import { openDialog } from "../ui/dialog.js";
import { ErrorLine, confirmButton, smallButton } from "../ui/forms.js";
import { isolate, personName } from "../ui/format.js";
import { PagedList } from "../ui/paged-list.js";
import { fillSentence } from "../ui/sentences.js";
import { timeInWords } from "../ui/times.js";
import { gettext, pgettext } from "../ui/translation.js";
import { describeAct } from "./audit-words.js";
import { describeRole } from "./role-words.js";

/**
 * @typedef {object} Report
 * @property {number} id
 * @property {number} message the id of the reported message
 * @property {import("../connection/wire.js").PersonName} author
 * @property {string} body the message's body at the time of the report
 * @property {import("../connection/wire.js").PersonName} reporter
 * @property {string} reason
 * @property {string} at ISO 8601, UTC
 */

/**
 * @typedef {object} Actions
 * @property {(handle: string) => void} openPerson
 * @property {(id: number) => void} jump shows a message
 * @property {() => void} changed is called after each change
 * @property {() => void} closed
 */

export class ModerationDialog {
  /** @type {string} */
  #path;
  /** @type {string} */
  #me;
  /** @type {Actions} */
  #actions;
  /** @type {PagedList[]} */
  #lists;
  /** @type {HTMLDialogElement} */
  #dialog;

  /**
   * @param {string} slug
   * @param {string} me
   * @param {Actions} actions
   */
  constructor(slug, me, actions) {
    this.#path = `/api/rooms/${slug}/`;
    this.#me = me;
    this.#actions = actions;
    /** @type {[title: string, list: PagedList][]} */
    const sections = [
      [gettext("Reports"), this.#makeList("reports/", "reports", gettext("There are no open reports."), "reports", this.#drawReport)],
      [
        pgettext("heading of a list of people", "Muted"),
        this.#makeList("members/?role=muted", "members", gettext("Nobody is muted."), "muted-members", this.#drawMember),
      ],
      [
        pgettext("heading of a list of people", "Banned"),
        this.#makeList("members/?role=banned", "members", gettext("Nobody is banned."), "banned-members", this.#drawMember),
      ],
      [
        pgettext("what moderators did", "Log"),
        this.#makeList("audit/", "entries", gettext("The log is empty."), "audit-log", this.#drawEntry),
      ],
    ];
    this.#lists = sections.map(([, list]) => list);
    this.#dialog = openDialog(gettext("Moderation"), "moderation-dialog", ...sections.map(([title, list]) => (
      make("section", {}, make("h3", { text: title }), list.element)
    )));
    this.#dialog.classList.add("wide");
    this.#dialog.addEventListener("close", () => actions.closed());
  }

  refresh() {
    for (const list of this.#lists) list.refresh();
  }

  /**
   * @param {string} path
   * @param {string} field
   * @param {string} empty
   * @param {string} id
   * @param {(this: ModerationDialog, entry: any) => HTMLElement} draw
   */
  #makeList(path, field, empty, id, draw) {
    return new PagedList(`${this.#path}${path}`, field, { draw: (entry) => draw.call(this, entry), empty, id });
  }

  /** @param {import("../connection/wire.js").PersonName} person */
  #makeName(person) {
    const name = personName(person);
    if (person.handle === this.#me) return make("b", { text: name });
    const open = () => this.#actions.openPerson(person.handle);
    return make("button", { type: "button", class: "link", text: name, onclick: open });
  }

  /** @param {Report} report */
  #drawReport({ id, message, author, body, reporter, reason, at }) {
    const error = new ErrorLine();
    const close = (/** @type {string} */ action) => () => (
      this.#change(error, () => call("PUT", `${this.#path}reports/${id}/`, { action }))
    );
    return make(
      "li",
      { class: "report", "data-id": id },
      make("p", {}, ...fillSentence(gettext("%(author)s wrote:"), { author: this.#makeName(author) })),
      make("blockquote", { class: "reported", dir: "auto", tabindex: "0", text: body }),
      make("p", {}, ...fillSentence(gettext("%(reporter)s: %(reason)s"), {
        reporter: make("b", { text: personName(reporter) }), reason: isolate(reason),
      }), " ", timeInWords(at, "ago")),
      make(
        "div", { class: "choices" },
        confirmButton("remove-reported", gettext("Remove the message"), gettext("Really remove?"), close("remove")),
        smallButton("dismiss-report", pgettext("a report", "Dismiss"), close("dismiss")),
        smallButton("show-reported", gettext("Show the message"), () => this.#jump(message)),
      ),
      error.element,
    );
  }

  /** @param {number} id */
  #jump(id) {
    this.#dialog.close();
    this.#actions.jump(id);
  }

  /** @param {{ handle: string, role: string, until?: string | null, guest?: boolean }} member */
  #drawMember(member) {
    const { handle, role } = member;
    const isBanned = role === ROLE.BANNED;
    const error = new ErrorLine();
    const body = { handle, role: ROLE.MEMBER, was: role };
    const lift = () => this.#change(error, () => call("PUT", `${this.#path}members/`, body));
    const state = !isBanned && make("span", { class: "role" }, ...describeRole(member));
    const button = smallButton("lift", isBanned ? gettext("Unban") : gettext("Unmute"), lift);
    const line = make("div", { class: "between" }, this.#makeName(member), state, button);
    return make("li", { class: "restricted-member", "data-handle": handle }, line, error.element);
  }

  /** @param {import("./audit-words.js").AuditEntry} entry */
  #drawEntry(entry) {
    const actor = entry.actor ? personName(entry.actor) : pgettext("the actor in the moderation log", "A management command");
    const sentence = fillSentence(describeAct(entry), {
      actor: make("b", { text: actor }), person: make("b", { text: personName(entry.person) }),
    });
    const reason = entry.reason ? gettext("“%(reason)s”", { reason: isolate(entry.reason) }) : null;
    return make("li", { class: "audit-entry" }, ...sentence, " ", reason && `${reason} `, timeInWords(entry.at, "ago"));
  }

  /**
   * @param {ErrorLine} error
   * @param {() => Promise<unknown>} request
   */
  async #change(error, request) {
    if (await error.guard(request)) this.#actions.changed();
  }
}
