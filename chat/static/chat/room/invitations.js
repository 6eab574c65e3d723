// @ts-check
// The dialog "Invite people" of a private room: it makes, lists and revokes invitation links.
// Must not decide who may invite: the server does.

import { call } from "../connection/api.js";
import { makeCopyButton } from "../ui/clipboard.js";
import { make } from "../ui/dom.js";
import { openDialog } from "../ui/dialog.js";
import { ErrorLine, confirmButton, field, select } from "../ui/forms.js";
import { isolate } from "../ui/format.js";
import { fillSentence } from "../ui/sentences.js";
import { timeInWords } from "../ui/times.js";
import { gettext, ngettext, pgettext } from "../ui/translation.js";

const DAY_SECONDS = 86_400;
/** @type {[value: string, text: string][]} */
const USES = [["", gettext("Everyone")], ["1", gettext("One person")], ["10", gettext("Ten people")]];
/** @type {[value: string, text: string][]} */
const DAYS = [["7", gettext("A week")], ["1", gettext("A day")], ["30", gettext("A month")]];

/** @typedef {{ id: number, uses_left: number | null, expires_at: string, created_by: string | null }} Invitation */

/** @param {string} slug */
export function openInvitations(slug) {
  const path = `/api/rooms/${slug}/invitations/`;
  const uses = select("invitation-uses", USES);
  const days = select("invitation-days", DAYS);
  const error = new ErrorLine();
  const submit = make("button", { type: "submit", class: "button wide", id: "make-invitation", text: gettext("Create a link") });
  const form = make(
    "form", {},
    make("p", { class: "lead", text: gettext("Everyone who has the link can join this room.") }),
    make("div", { class: "field-pair" }, field(pgettext("for how many people a link is", "For"), uses), field(gettext("Valid for"), days)),
    error.element,
    submit,
  );
  const newLink = make("div", { role: "status" });
  const list = make("ul", { class: "listing", id: "invitations" });
  openDialog(gettext("Invite people"), "invite-dialog", form, newLink, make("section", {}, make("h3", { text: gettext("Valid links") }), list));
  const refresh = () => error.guard(async () => {
    const { invitations } = await call("GET", path);
    const items = invitations.map((/** @type {Invitation} */ invitation) => makeItem(path, invitation, () => {
      submit.focus();
      refresh();
    }));
    list.replaceChildren(...items);
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const create = async () => showLink(newLink, await createLink(path, uses.value, Number(days.value)));
    if (await error.guard(create)) refresh();
  });
  refresh();
}

/**
 * @param {string} path
 * @param {string} uses "" for no limit
 * @param {number} days
 */
function createLink(path, uses, days) {
  const body = { expires_in: days * DAY_SECONDS };
  return call("POST", path, uses ? { ...body, uses: Number(uses) } : body);
}

/**
 * @param {HTMLElement} place
 * @param {{ url: string }} invitation
 */
function showLink(place, { url }) {
  const input = make("input", { readonly: true, dir: "ltr", value: url, "aria-label": gettext("The link"), id: "invitation-link" });
  const button = make("button", { type: "button", class: "button small", text: gettext("Copy link") });
  makeCopyButton(button, input);
  place.replaceChildren(
    make("div", { class: "link-bar" }, input, button),
    make("p", { class: "help", text: gettext("Copy the link now. It is not shown again.") }),
  );
}

/**
 * @param {string} path
 * @param {Invitation} invitation
 * @param {() => void} revoked
 */
function makeItem(path, { id, uses_left: uses, expires_at: expiresAt, created_by: creator }, revoked) {
  const button = confirmButton("revoke", pgettext("an invitation link", "Revoke"), gettext("Really revoke?"), async () => {
    // A failed call usually means that the link no longer exists. `revoked` loads the list again after a failure too.
    await call("DELETE", `${path}${id}/`).catch(() => {});
    revoked();
  });
  const words = make("span", {}, ...fillSentence(describeAudience(uses), {
    creator: creator === null ? pgettext("who made a link", "someone") : isolate(creator), time: timeInWords(expiresAt, "short"),
  }));
  return make("li", { "data-id": id }, make("div", { class: "between" }, words, button));
}

/** @param {number | null} uses how many more people can use a link; null for no limit */
function describeAudience(uses) {
  if (uses === null) return gettext("By %(creator)s, for everyone who has it, until %(time)s");
  return ngettext(
    "By %(creator)s, for %(count)s more person, until %(time)s", "By %(creator)s, for %(count)s more people, until %(time)s", uses,
  );
}
