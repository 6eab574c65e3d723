// The operators' page: a table of all rooms that a data binding keeps fresh.
// Must not change anything: rooms are changed in the admin, to which each row leads.

import { Line, socketUrl } from "./connection/reconnecting-connection.js";
import { find, fullTime, make, timeAgo, whenBack } from "./ui/dom.js";

const FLASH_MS = 2_000;
const ENDINGS = { 4401: "You are signed out.", 4403: "You are no operator any more.", 4404: "You are no operator any more." };

const page = find("operators-page");
const body = find("all-rooms").querySelector("tbody");
const live = find("live");
let early = null;

function rowOf(pk) {
  return body.querySelector(`[data-pk="${CSS.escape(pk)}"]`);
}

function timeOf(at) {
  return make("time", { datetime: at, title: fullTime(at), text: timeAgo(at) });
}

function makeRow(pk, { slug, name, topic, access, created_at: madeAt }) {
  const link = make("a", { href: `/admin/chat/room/${pk}/change/`, text: name });
  return make(
    "tr",
    { "data-testid": "room-row", "data-pk": pk },
    make("th", { scope: "row" }, link, make("span", { class: "slug", text: slug })),
    make("td", { text: topic }),
    make("td", {}, make("span", { class: "role", text: access })),
    make("td", {}, timeOf(madeAt)),
  );
}

// Told at most once each, and in any order: an update may come for a row that is not here, and a row twice.
function put(pk, data) {
  const row = makeRow(pk, data);
  const old = rowOf(pk);
  if (old) old.replaceWith(row);
  else body.prepend(row);
  row.classList.add("flash");
  setTimeout(() => row.classList.remove("flash"), FLASH_MS);
}

function hear(text) {
  const { stream, payload } = JSON.parse(text);
  if (stream !== "rooms") return;
  if (early) early.push(payload);
  else take(payload);
}

function take(payload) {
  if (payload.action === "delete") rowOf(payload.pk)?.remove();
  else put(payload.pk, payload.data);
  find("no-rooms").hidden = body.children.length > 0;
}

// What changed while nobody listened is in the page as the server makes it now; what is told meanwhile is newer.
async function refresh() {
  early = [];
  try {
    const response = await fetch(location.href);
    if (!response.ok) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    body.replaceChildren(...find("all-rooms", fresh).querySelector("tbody").children);
    find("no-rooms").hidden = body.children.length > 0;
    showTimes();
  } catch {
    // Offline: the table that is there stays, and the socket's return asks again.
  } finally {
    for (const payload of early) take(payload);
    early = null;
  }
}

function showTimes() {
  for (const time of body.querySelectorAll("time")) time.replaceWith(timeOf(time.dateTime));
}

function show({ state, code }) {
  page.dataset.state = state;
  live.textContent = { closed: ENDINGS[code] ?? "Closed.", waiting: "Not connected: trying again…" }[state] ?? "Connecting…";
}

const line = new Line(() => socketUrl("/operators/rooms/"), {
  frame: hear,
  status: show,
  opened: async () => {
    line.settled();
    await refresh();
    page.dataset.state = "open";
    live.textContent = "Live";
  },
});

whenBack(() => line.hurry());
setInterval(() => document.hidden || showTimes(), 60_000);
showTimes();
line.open();
