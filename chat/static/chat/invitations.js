// A private room's menu: makes links into it, lists and revokes them; and leaves it. Must not know who may: the server
// says so.

import { call } from "./api.js";
import { copies } from "./clipboard.js";
import { onMenu, openDialog } from "./dialog.js";
import { fullTime, make, plural } from "./page.js";

const room = `/api/rooms/${document.getElementById("room").dataset.slug}/`;
const path = `${room}invitations/`;
const DAY_SECONDS = 86_400;
const USES = [["", "everyone with the link"], ["1", "one person"], ["10", "ten people"]];
const DAYS = [["7", "a week"], ["1", "a day"], ["30", "a month"]];

function select(label, testId, choices) {
  const options = choices.map(([value, text]) => make("option", { value, text }));
  const field = make("select", { "data-testid": testId }, ...options);
  return [make("label", {}, label, field), field];
}

function open() {
  const [usesLabel, uses] = select("For", "invitation-uses", USES);
  const [daysLabel, days] = select("Holds", "invitation-days", DAYS);
  const form = make(
    "form", { class: "invite-form", "data-testid": "invite-form" }, usesLabel, daysLabel,
    make("button", { type: "submit", class: "button", "data-testid": "make-link", text: "Make a link" }),
  );
  const fresh = make("div", { "data-testid": "fresh-link" });
  const problem = make("p", { class: "errors", role: "alert" });
  const list = make("ul", { class: "invitations", "data-testid": "invitations", "aria-label": "Links that hold" });
  openDialog("Invite people", "invite-dialog", form, fresh, problem, list);
  const guarded = (act) => act().catch((refusal) => { problem.textContent = refusal.message; });
  const refresh = () => guarded(() => drawList(list, refresh));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    problem.textContent = "";
    guarded(async () => {
      showLink(fresh, await makeLink(uses.value, days.value));
      await refresh();
    });
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
  const revoke = make("button", { type: "button", class: "link", "data-testid": "revoke", text: "Revoke" });
  revoke.addEventListener("click", async () => {
    await call("DELETE", `${path}${id}/`).catch(() => {}); // gone already: the list then shows it
    refresh();
  });
  const whom = uses === null ? "for everyone with it" : `for ${plural(uses, "more person", "more people")}`;
  const sentence = `By ${maker ?? "somebody"}, ${whom}, until ${fullTime(expiresAt)}`;
  return make("li", { "data-id": id }, make("span", { text: sentence }), revoke);
}

function askToLeave() {
  const yes = make("button", { type: "button", class: "button bad", "data-testid": "leave-now", text: "Leave it" });
  const problem = make("p", { class: "errors", role: "alert" });
  const warning = make("p", { class: "lead", text: "You need a new link to come back." });
  openDialog("Leave this room?", "leave-dialog", warning, problem, yes);
  const refused = (refusal) => { problem.textContent = refusal.message; };
  yes.addEventListener("click", () => call("DELETE", `${room}membership/`).then(() => location.assign("/"), refused));
}

onMenu("menu-invite", open);
onMenu("menu-leave", askToLeave);
