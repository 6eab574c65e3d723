// A board's page: the door before the conversation, and for the owner who stands there. room.js is the conversation.
// Must not know the wire; door.js and socket.js do.

import { call } from "./api.js";
import { Door } from "./door.js";
import { Owner } from "./owner.js";
import { find, whenBack } from "./page.js";

const RETRY_MS = 3_000;

const page = document.getElementById("room");
const board = page.dataset.board;
const form = find("knock-form");
const input = find("knock-handle");
const mistake = find("knock-error");
const place = globalThis.location;
const origin = `${place.protocol === "https:" ? "wss:" : "ws:"}//${place.host}`;
const nameKey = `chat.board.${board}`;

let session = null;
let isInside = false;
const door = new Door(() => `${origin}/auth/${board}/${session}/`);

function show(step) {
  page.dataset.door = step;
  if (step === "knock" && !input.readOnly) input.focus();
}

/** The conversation begins, without a reload; one who was out in between gets a fresh page. */
async function comeIn(handle) {
  if (isInside && page.dataset.door !== "inside") location.reload();
  if (isInside) return;
  isInside = true;
  page.dataset.handle = handle;
  page.dataset.url = `${origin}/write/${board}/${session}/`;
  if (page.dataset.door !== "owner") show("inside");
  await import("./room.js");
}

async function knock(event) {
  event.preventDefault();
  mistake.textContent = "";
  const answer = await door.ask("knock", { handle: input.value });
  if (answer.type === "rejected") mistake.textContent = answer.detail;
  else if (page.dataset.door === "knock") show("waiting");
  sessionStorage.setItem(nameKey, input.value);
}

function changedStatus({ state, code }) {
  if (state !== "closed") return;
  // Signed in or out in another tab: the page asks anew who this is.
  if (code === 4401) location.reload();
  if (code === 4403 && page.dataset.door !== "shut") show("removed");
  if (code === 4404) show("shut");
}

const facts = {
  opened: () => ["coming", "lost"].includes(page.dataset.door) && show("knock"),
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
      new Owner(door, board);
      comeIn(page.dataset.handle);
    }
    door.open();
  } catch (refusal) {
    if (refusal.code === "not_found") show("shut");
    else setTimeout(start, RETRY_MS);
  }
}

for (const [type, heard] of Object.entries(facts)) door.addEventListener(type, ({ detail }) => heard(detail));
form.addEventListener("submit", knock);
find("knock-again").addEventListener("click", () => show("knock"));
whenBack(() => door.hurry());
if (!input.readOnly) input.value = sessionStorage.getItem(nameKey) ?? "";
start();
