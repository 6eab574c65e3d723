// @ts-check
// The lobby's page: keeps the list of rooms and the announcements up to date. Must not draw them.

import { socketUrl } from "./connection/environment.js";
import { ReconnectingConnection } from "./connection/reconnecting-connection.js";
import { Refresher } from "./connection/refresher.js";
import { SERVER_EVENT } from "./connection/wire.js";
import { hideAnnouncement, refreshAnnouncements, showAnnouncement } from "./lobby/announcements.js";
import { drawRooms } from "./lobby/room-list.js";
import { byId } from "./ui/dom.js";
import { onReturn } from "./ui/page-return.js";

const SEARCH_DELAY_MS = 250;
// "updated" may be lost, like every broadcast. After this time the page fetches the list anyway.
const STALE_AFTER_MS = 300_000;

const search = byId("room-search", HTMLInputElement);
const refresher = new Refresher(refresh, () => document.hidden);
let requests = 0;
let isFirstConnection = true;

async function refresh() {
  requests += 1;
  const number = requests;
  const query = search.value.trim();
  try {
    const response = await fetch(`/api/rooms/${query ? `?q=${encodeURIComponent(query)}` : ""}`);
    // Answers may arrive in another order than their requests. Only the answer to the last request counts.
    if (number !== requests) return;
    if (response.ok) drawRooms(await response.json(), query);
    else refresher.changed();
  } catch {
    // Without a connection the old list stays. The page asks again when the socket reconnects.
  }
}

/** @param {string} text */
function receive(text) {
  let event;
  try {
    event = JSON.parse(text);
  } catch {
    return;
  }
  if (event?.type === SERVER_EVENT.UPDATED) refresher.changed();
  else if (event?.type === SERVER_EVENT.ANNOUNCEMENT) showAnnouncement(event);
  else if (event?.type === SERVER_EVENT.DISMISSED) hideAnnouncement(event.id);
}

const connection = new ReconnectingConnection(() => socketUrl("/lobby/"), {
  frame: receive,
  opened: () => {
    connection.markUseful();
    // The server did not send changes to this page while it had no connection.
    if (!isFirstConnection) refresher.changed();
    refreshAnnouncements();
    isFirstConnection = false;
  },
});

search.addEventListener("input", () => refresher.fetchAfter(SEARCH_DELAY_MS));
onReturn(() => {
  connection.reconnectNow();
  refresher.becameVisible();
  refreshAnnouncements();
});
setInterval(() => {
  refresher.changed();
  refreshAnnouncements();
}, STALE_AFTER_MS);
connection.open();
