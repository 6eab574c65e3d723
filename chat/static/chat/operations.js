// @ts-check
// The page of the site's health: the server sends a sample of the site's state every few seconds.
// Must not change anything. If the connection is lost or no monitor runs, the page keeps its last state, and says so.

import { socketUrl } from "./connection/environment.js";
import { ReconnectingConnection } from "./connection/reconnecting-connection.js";
import { CLOSE } from "./connection/wire.js";
import { Charts } from "./operations/charts.js";
import { writeFigure } from "./operations/figures.js";
import { StateView } from "./operations/state-view.js";
import { byId, child } from "./ui/dom.js";
import { onReturn } from "./ui/page-return.js";
import { gettext, pgettext } from "./ui/translation.js";

const STREAM = "health";
const SILENT_MS = 20_000;
const CHECK_MS = 1_000;
const MINUTE_MS = 60_000;
const NO_OPERATOR = gettext("You are no longer an operator.");
/** @type {Record<number, string>} */
const ENDINGS = {
  [CLOSE.NOT_SIGNED_IN]: gettext("You are signed out."),
  [CLOSE.FORBIDDEN]: NO_OPERATOR,
  [CLOSE.NOT_FOUND]: NO_OPERATOR,
};

/** @param {string} id */
function readData(id, root = document) {
  return JSON.parse(byId(id, HTMLTemplateElement, root).content.textContent ?? "");
}

const page = byId("content");
const live = byId("live");
const charts = new Charts(byId("charts"));
const view = new StateView(readData("operations-words"));
let sampledAt = Date.now();

function showData(root = document) {
  const { points, state } = readData("operations-data", root);
  charts.replace(points);
  if (root !== document) view.show(state);
}

/** @param {string} text */
function receive(text) {
  const { stream, payload } = JSON.parse(text);
  if (stream !== STREAM) return;
  sampledAt = Date.now();
  charts.add(payload.point);
  view.show(payload.state);
  document.getElementById("not-sampled")?.remove();
  showLive();
}

// Loads the page again, because the server sent no samples while there was no connection.
async function refresh() {
  try {
    const response = await fetch(location.href);
    if (response.ok) showData(new DOMParser().parseFromString(await response.text(), "text/html"));
  } catch {
    // The page loads its data again when the socket reconnects.
  }
}

/** @param {string} text */
function say(text) {
  if (live.textContent !== text) live.textContent = text;
}

function showLive() {
  if (page.dataset.state !== "open" && page.dataset.state !== "silent") return;
  const silentMs = Date.now() - sampledAt;
  page.dataset.state = silentMs > SILENT_MS ? "silent" : "open";
  if (silentMs <= SILENT_MS) return say(pgettext("connection", "Live"));
  // A screen reader reads each new text, so the text changes once a minute only.
  const step = silentMs < MINUTE_MS ? SILENT_MS : MINUTE_MS;
  const time = writeFigure(Math.floor(silentMs / step) * (step / 1000), "seconds");
  say(gettext("No sample for %(time)s. Check that the monitor runs.", { time }));
}

/** @param {import("./connection/reconnecting-connection.js").Status} status */
function showStatus({ state, code = CLOSE.NORMAL }) {
  page.dataset.state = state;
  if (state === "closed") say(ENDINGS[code] ?? gettext("The connection has ended."));
  else if (state === "waiting") say(gettext("Not connected. Trying again…"));
  else say(gettext("Connecting…"));
}

const connection = new ReconnectingConnection(() => socketUrl("/operators/health/"), {
  frame: receive,
  status: showStatus,
  opened: async () => {
    connection.markUseful();
    await refresh();
    sampledAt = Date.now();
    page.dataset.state = "open";
    showLive();
  },
});

showData();
child(page, "#charts").classList.add("drawn");
setInterval(showLive, CHECK_MS);
onReturn(() => connection.reconnectNow());
connection.open();
