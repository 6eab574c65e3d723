// Draws one message. Must not know where it stands in the timeline, nor send anything.
// `innerHTML` takes the server's `html` only; all else is text.

import { avatar, clockTime, fullTime, make, plural } from "../ui/dom.js";

const EXCERPT_LENGTH = 120;

export function excerpt(message) {
  if (message.removed) return "message removed";
  const text = message.body.replace(/\s+/g, " ");
  return text.length > EXCERPT_LENGTH ? `${text.slice(0, EXCERPT_LENGTH)}…` : text;
}

/** The list item for a message; `redraw` fills it, now and at every change. */
export function makeItem(message) {
  const item = make("li", { class: "message", "data-testid": "message", "data-id": message.id, tabindex: "-1" });
  item.id = `message-${message.id}`;
  return item;
}

/** `view` says what the reader is to the message: {me, find(id)}. */
export function redraw(item, message, view) {
  const own = message.author.handle === view.me;
  item.dataset.offset = message.offset;
  item.dataset.author = message.author.handle;
  if (message.ref) item.dataset.ref = message.ref;
  item.classList.toggle("own", own);
  item.classList.toggle("removed", Boolean(message.removed));
  item.classList.toggle("mentions", !own && mentions(message.body, view.me));
  item.querySelector(".row")?.remove();
  item.append(row(message, view));
}

function mentions(body, handle) {
  return Boolean(handle && body) && body.toLowerCase().includes(`@${handle.toLowerCase()}`);
}

function row(message, view) {
  return make(
    "article",
    { class: "row" },
    avatar(message.author.handle),
    make(
      "div",
      { class: "content" },
      header(message),
      message.reply_to && !message.removed ? quote(message.reply_to, view) : null,
      body(message),
      reactions(message, view),
    ),
  );
}

function header(message) {
  return make(
    "header",
    { class: "meta" },
    make("b", { class: "author", text: message.author.handle }),
    make("time", { datetime: message.at, title: fullTime(message.at), text: clockTime(message.at) }),
  );
}

function body(message) {
  if (message.removed) return make("div", { class: "body", "data-testid": "message-body", text: "message removed" });
  const element = make("div", { class: "body", "data-testid": "message-body" });
  if (typeof message.html === "string") element.innerHTML = message.html;
  else element.textContent = message.body;
  for (const link of element.querySelectorAll("a[href]")) {
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
  }
  if (message.edited_at) element.append(editedMark(message.edited_at));
  return element;
}

function editedMark(at) {
  return make("span", { class: "edited", title: fullTime(at), "data-testid": "edited", text: "edited" });
}

function quote(id, view) {
  const original = view.find(id);
  const text = original ? `${original.author.handle}: ${excerpt(original)}` : "an earlier message";
  return make("button", { type: "button", class: "quote", "data-jump": id, "data-testid": "quote", text });
}

function reactions(message, view) {
  const entries = Object.entries(message.reactions ?? {}).filter(([, handles]) => handles.length);
  if (!entries.length || message.removed) return null;
  return make("div", { class: "reactions" }, ...entries.map(([emoji, handles]) => reaction(emoji, handles, view.me)));
}

function reaction(emoji, handles, me) {
  const mine = handles.includes(me);
  return make(
    "button",
    {
      type: "button", class: "reaction", "data-react": emoji, "data-testid": "reaction", title: handles.join(", "),
      "aria-pressed": String(mine), "aria-label": `${emoji}, ${plural(handles.length, "person", "people")}`,
    },
    make("span", { text: emoji }),
    make("span", { class: "number", text: handles.length }),
  );
}
