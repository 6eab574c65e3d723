// A board's page: the door before the conversation, and for the owner who stands there. room.js is the conversation.
// Must not know the wire; door.js and socket.js do.

import { call } from "./connection/api.js";
import { Door } from "./connection/waiting-room-socket.js";
import { socketUrl } from "./connection/reconnecting-connection.js";
import { Owner } from "./board/owner-panel.js";
import { find, whenBack } from "./ui/dom.js";

const RETRY_MS = 3_000;
// So long a line may be away, or somebody's standing unknown, before the page speaks of it.
const PATIENCE_MS = 1_000;
const GREETING_MS = 200;

const page = document.getElementById("room");
const board = page.dataset.board;
const form = find("knock-form");
const input = find("knock-handle");
const mistake = find("knock-error");
const nameKey = `chat.board.${board}`;

let session = null;
let owner = null;
let isInside = false;
let isAskedAnew = false;
let timer = null;
const door = new Door(() => socketUrl(`/auth/${board}/${session}/`));

function show(step) {
  clearTimeout(timer);
  page.dataset.door = step;
  if (step === "knock" && !input.readOnly) input.focus();
}

/** The conversation begins, without a reload; one who was out in between gets a fresh page. */
async function comeIn(handle) {
  if (isInside && page.dataset.door !== "inside") location.reload();
  if (isInside) return;
  isInside = true;
  page.dataset.handle = handle;
  page.dataset.url = socketUrl(`/write/${board}/${session}/`);
  if (page.dataset.door !== "owner") show("inside");
  await import("./room/conversation.js");
  find("composer").focus();
}

async function knock(event) {
  event.preventDefault();
  mistake.textContent = "";
  const answer = await door.ask("knock", { handle: input.value });
  if (answer.type === "rejected") mistake.textContent = answer.detail;
  else if (page.dataset.door === "knock") show("waiting");
  sessionStorage.setItem(nameKey, input.value);
}

function isOutside() {
  return !["inside", "owner", "removed", "shut"].includes(page.dataset.door);
}

// Who comes back hears how they stand; who hears nothing has not knocked yet.
function opened() {
  clearTimeout(timer);
  if (["coming", "lost"].includes(page.dataset.door)) timer = setTimeout(() => show("knock"), GREETING_MS);
}

function changedStatus({ state, code }) {
  if (state === "waiting" && isOutside()) {
    clearTimeout(timer);
    timer = setTimeout(() => show("lost"), PATIENCE_MS);
  }
  if (state !== "closed") return;
  if (code === 4403 && page.dataset.door !== "shut") show("removed");
  // Signed out in another tab, or the board is gone: the page asks anew, once.
  if (code === 4401 || (code === 4404 && !isAskedAnew)) askAnew();
  else if (code === 4404) show("shut");
}

function askAnew() {
  isAskedAnew = true;
  if (isInside) location.reload();
  else start();
}

const told = {
  opened,
  waiting: ({ handle }) => { input.value = handle; show("waiting"); },
  admitted: ({ handle, visitor }) => visitor || comeIn(handle),
  refused: ({ visitor }) => visitor || show("refused"),
  removed: ({ visitor }) => visitor || show("removed"),
  shut: () => show("shut"),
  status: changedStatus,
};

async function start() {
  try {
    const answer = await call("GET", `/api/boards/${board}/`);
    session = answer.session;
    if (answer.owner) {
      owner ??= new Owner(door, board);
      comeIn(page.dataset.handle);
    }
    door.open();
  } catch (refusal) {
    if (refusal.code === "not_found") show("shut");
    else {
      if (isOutside()) show("lost");
      setTimeout(start, RETRY_MS);
    }
  }
}

for (const [type, heard] of Object.entries(told)) door.addEventListener(type, ({ detail }) => heard(detail));
form.addEventListener("submit", knock);
find("knock-again").addEventListener("click", () => show("knock"));
whenBack(() => door.hurry());
if (!input.readOnly) input.value = sessionStorage.getItem(nameKey) ?? "";
start();
