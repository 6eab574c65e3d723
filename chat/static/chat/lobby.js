// The lobby: the list of rooms, drawn again when the server says that it changed.
// Must not read more from the lobby's socket than "updated".

import { Line, socketUrl } from "./connection/reconnecting-connection.js";
import { find, icon, make, plural, timeAgo, whenBack } from "./ui/dom.js";
import { Refresher } from "./connection/refresher.js";

const SEARCH_MS = 250;
const CLOCK_MS = 60_000;
// "updated" may be lost, as any broadcast; then this finds out.
const STALE_MS = 300_000;

const list = find("rooms");
const search = find("room-search");
const refresher = new Refresher(refresh, () => document.hidden);
let asked = 0;

function roomItem({ slug, name, topic, online, last_at: lastAt, private: isPrivate }) {
  const time = lastAt ? make("time", { datetime: lastAt, text: timeAgo(lastAt) }) : null;
  return make(
    "li",
    { "data-testid": "room", "data-slug": slug },
    make(
      "a",
      { href: `/rooms/${encodeURIComponent(slug)}/`, class: "room-card" },
      make("span", { class: "room-name" }, name, isPrivate ? lock() : null),
      make("span", { class: "room-topic", text: topic || "" }),
      make("span", { class: "room-facts" }, onlineMark(online), time),
    ),
  );
}

function lock() {
  const picture = icon("lock");
  picture.classList.add("lock");
  picture.removeAttribute("aria-hidden");
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", "Private");
  return picture;
}

function onlineMark(online) {
  return online ? make("span", { class: "online", text: `${plural(online, "person", "people")} here` }) : null;
}

function draw({ rooms, more }) {
  const focused = document.activeElement?.closest("[data-slug]")?.dataset.slug;
  list.replaceChildren(...rooms.map(roomItem));
  find("more-rooms").hidden = !more;
  find("no-rooms").hidden = rooms.length > 0;
  if (focused) list.querySelector(`[data-slug="${CSS.escape(focused)}"] a`)?.focus();
}

async function refresh() {
  const number = (asked += 1);
  const query = search.value.trim();
  try {
    const response = await fetch(`/api/rooms/${query ? `?q=${encodeURIComponent(query)}` : ""}`);
    // Answers may overtake each other: only the last question counts.
    if (number !== asked) return;
    if (response.ok) draw(await response.json());
    else refresher.changed();
  } catch {
    // Offline: the list that is there stays, and the socket's return asks again.
  }
}

function isUpdated(text) {
  try {
    return JSON.parse(text).type === "updated";
  } catch {
    return false;
  }
}

function showTimes() {
  for (const time of list.querySelectorAll("time")) time.textContent = timeAgo(time.dateTime);
}

let isFirst = true;
const line = new Line(() => socketUrl("/lobby/"), {
  frame: (text) => isUpdated(text) && refresher.changed(),
  opened: () => {
    line.settled();
    // What changed while the line was down was told to nobody here.
    if (!isFirst) refresher.changed();
    isFirst = false;
  },
});

search.addEventListener("input", () => refresher.fetchIn(SEARCH_MS));
whenBack(() => {
  line.hurry();
  refresher.looked();
});
setInterval(() => refresher.changed(), STALE_MS);
setInterval(showTimes, CLOCK_MS);
showTimes();
line.open();
