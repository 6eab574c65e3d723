// @ts-check
// The operators' page: a table of all rooms. The server sends each change of a room.
// Must not change anything: rooms are changed in the admin, to which each row links.

import { socketUrl } from "./connection/environment.js";
import { ReconnectingConnection } from "./connection/reconnecting-connection.js";
import { CLOSE } from "./connection/wire.js";
import { RoomsTable } from "./operators/rooms-table.js";
import { byId } from "./ui/dom.js";
import { onReturn } from "./ui/page-return.js";
import { gettext, pgettext } from "./ui/translation.js";

const STREAM = "rooms";
const NO_OPERATOR = gettext("You are no longer an operator.");
/** @type {Record<number, string>} */
const ENDINGS = {
  [CLOSE.NOT_SIGNED_IN]: gettext("You are signed out."),
  [CLOSE.FORBIDDEN]: NO_OPERATOR,
  [CLOSE.NOT_FOUND]: NO_OPERATOR,
};

/** @typedef {import("./operators/rooms-table.js").Change} Change */

const page = byId("content");
const live = byId("live");
const table = new RoomsTable();
/**
 * Changes that arrive while the page loads the table; null at other times.
 * @type {Change[] | null}
 */
let early = null;

/** @param {string} text */
function receive(text) {
  const { stream, payload } = JSON.parse(text);
  if (stream !== STREAM) return;
  if (early) early.push(payload);
  else table.apply(payload);
}

// Loads the page's table again, because the server sent no changes while there was no connection. Changes that arrive
// during the load may be newer than the loaded table, so they are applied after it.
async function refresh() {
  /** @type {Change[]} */
  const waiting = [];
  early = waiting;
  try {
    const response = await fetch(location.href);
    if (response.ok) table.replaceFrom(new DOMParser().parseFromString(await response.text(), "text/html"));
  } catch {
    // Without a connection the old table stays. The page loads it again when the socket reconnects.
  } finally {
    for (const change of waiting) table.apply(change);
    early = null;
  }
}

/** @param {import("./connection/reconnecting-connection.js").Status} status */
function showStatus({ state, code = CLOSE.NORMAL }) {
  page.dataset.state = state;
  if (state === "closed") live.textContent = ENDINGS[code] ?? gettext("The connection has ended.");
  else live.textContent = state === "waiting" ? gettext("Not connected. Trying again…") : gettext("Connecting…");
}

const connection = new ReconnectingConnection(() => socketUrl("/operators/rooms/"), {
  frame: receive,
  status: showStatus,
  opened: async () => {
    connection.markUseful();
    await refresh();
    page.dataset.state = "open";
    live.textContent = pgettext("connection", "Live");
  },
});

onReturn(() => connection.reconnectNow());
connection.open();
