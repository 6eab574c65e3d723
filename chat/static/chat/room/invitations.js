// A private room's menu: makes links into it, lists and revokes them; and leaves it. Must not know who may: the server
// says so.

import { call } from "../connection/api.js";
import { copies } from "../ui/clipboard.js";
import { onMenu, openDialog } from "../ui/dialog.js";
import { Complaint, field, select, sureButton } from "../ui/forms.js";
import { find, fullTime, make, plural, shortTime } from "../ui/dom.js";

const room = `/api/rooms/${document.getElementById("room").dataset.slug}/`;
const path = `${room}invitations/`;
const DAY_SECONDS = 86_400;
const USES = [["", "Everyone"], ["1", "One person"], ["10", "Ten people"]];
const DAYS = [["7", "A week"], ["1", "A day"], ["30", "A month"]];

function open() {
  const uses = select("invitation-uses", USES);
  const days = select("invitation-days", DAYS);
  const complaint = new Complaint();
  const form = make(
    "form", { "data-testid": "invite-form" },
    make("p", { class: "lead", text: "Who has a link comes in by it." }),
    make("div", { class: "field-pair" }, field("For", uses), field("Good for", days)),
    complaint.element,
    make("button", { type: "submit", class: "button wide", "data-testid": "make-link", text: "Make a link" }),
  );
  const fresh = make("div", { "data-testid": "fresh-link", role: "status" });
  const list = make("ul", { class: "listing", "data-testid": "invitations" });
  const links = make("section", {}, make("h3", { text: "Links that work" }), list);
  openDialog("Invite people", "invite-dialog", form, fresh, links);
  const refresh = () => complaint.guard(() => drawList(list, refresh));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const renew = async () => showLink(fresh, await makeLink(uses.value, days.value));
    if (await complaint.guard(renew)) refresh();
  });
  refresh();
}

function makeLink(uses, days) {
  const wish = { expires_in: Number(days) * DAY_SECONDS };
  return call("POST", path, uses ? { ...wish, uses: Number(uses) } : wish);
}

function showLink(place, { url }) {
  const input = make("input", {
    readonly: true, value: url, "aria-label": "The link", "data-testid": "invitation-link",
  });
  const button = make("button", {
    type: "button", class: "button small", "data-testid": "copy-invitation", text: "Copy link",
  });
  copies(button, input);
  place.replaceChildren(
    make("div", { class: "link-bar" }, input, button),
    make("p", { class: "help", text: "Copy it now: it is shown this once." }),
  );
}

async function drawList(list, refresh) {
  const { invitations } = await call("GET", path);
  list.replaceChildren(...invitations.map((invitation) => drawOne(invitation, refresh)));
}

function drawOne({ id, uses_left: uses, expires_at: expiresAt, created_by: maker }, refresh) {
  const revoke = sureButton("revoke", "Revoke", "Really revoke?", async () => {
    await call("DELETE", `${path}${id}/`).catch(() => {}); // gone already: the list then shows it
    find("make-link").focus();
    refresh();
  });
  const whom = uses === null ? "for everyone with it" : `for ${plural(uses, "more person", "more people")}`;
  const end = make("time", { datetime: expiresAt, title: fullTime(expiresAt), text: shortTime(expiresAt) });
  const words = make("span", {}, `By ${maker ?? "somebody"}, ${whom}, until `, end);
  return make("li", { "data-id": id }, make("div", { class: "between" }, words, revoke));
}

function askToLeave() {
  const yes = make("button", { type: "button", class: "button bad wide", "data-testid": "leave-now", text: "Leave it" });
  const complaint = new Complaint();
  const warning = make("p", { class: "lead", text: "You need a new link to come back." });
  openDialog("Leave this room?", "leave-dialog", warning, complaint.element, yes);
  yes.addEventListener("click", async () => {
    if (await complaint.guard(() => call("DELETE", `${room}membership/`))) location.assign("/");
  });
}

onMenu("menu-invite", open);
onMenu("menu-leave", askToLeave);
