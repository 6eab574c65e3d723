// The room page: ties the socket to what is drawn. Must not know the wire; socket.js does.

import { Announcements, ConnectionBar, VersionBar } from "./connection-bar.js";
import { Composer } from "./composer.js";
import { onMenu } from "../ui/dialog.js";
import { Moderation } from "./moderation.js";
import { find, whenBack } from "../ui/dom.js";
import { Pending, reasonFor } from "./pending-messages.js";
import { People } from "./people.js";
import { Reading } from "./history-navigation.js";
import { openReport } from "./report-dialog.js";
import { Schedule } from "./schedule-dialog.js";
import { RoomSocket } from "../connection/room-socket.js";
import { Standing } from "./own-role.js";
import { Tasks } from "./task-bars.js";
import { Timeline } from "./timeline.js";
import { Toolbar } from "./message-toolbar.js";
import { TypingOthers, TypingSignal } from "./typing.js";
import { Unread } from "./read-marker.js";

const page = document.getElementById("room");
const me = page.dataset.handle;
const slug = page.dataset.slug;
const scroller = find("scroller");
const messageList = find("messages");
const notice = find("notice");
const typingLine = find("typing");

// A board has a socket of its own, and says which.
const socket = new RoomSocket({ slug, handle: me, url: page.dataset.url });
const timeline = new Timeline(scroller, messageList, { me });
const people = new People((handle, role) => moderation.button(handle, role));
const pending = new Pending(find("pending"), me, {
  retry: (ref) => socket.retry(ref),
  discard: (ref) => socket.discard(ref),
});
const announcements = new Announcements();
const tasks = new Tasks({ start: (task, params) => socket.start(task, params), say });
const connectionBar = new ConnectionBar(() => socket.hurry());
const typingSignal = new TypingSignal((on) => socket.typing(on));
const typingOthers = new TypingOthers((sentence) => { typingLine.textContent = sentence; });
const unread = new Unread(timeline, me, { tell: (offset) => socket.read(offset), position: () => socket.cursor });
const reading = new Reading(socket, timeline, unread);
const composer = new Composer({
  submit: (body, target) => submit(body, target),
  typed: () => typingSignal.typed(),
  stopped: () => typingSignal.stop(),
  editLast: () => editLast(),
}, `chat.draft.${slug}`);
const versionBar = new VersionBar(() => composer.isEmpty && socket.pending.length === 0);
const toolbar = new Toolbar(messageList, rightsOn, {
  react: (id, emoji) => react(id, emoji),
  reply: (id) => composer.reply(timeline.get(id)),
  edit: (id) => composer.edit(timeline.get(id)),
  remove: (id) => socket.remove(id),
  report: (id) => openReport(slug, timeline.get(id), say),
});
const standing = new Standing(composer, { say, changed: changedStanding });
const moderation = new Moderation(slug, me, standing, (id) => reading.jump(id));
const schedule = new Schedule(slug, (body, at) => socket.schedule(body, at));

function submit(body, target) {
  if (target?.kind === "edit") {
    if (body.trim() !== target.message.body) socket.edit(target.message.id, body);
    return;
  }
  socket.post(body, target?.message.id ?? null);
  unread.wrote();
  timeline.scrollToEnd();
}

function isOwn(message) {
  return message.author.handle === me;
}

function rightsOn(id) {
  const message = timeline.get(id);
  if (!message || message.removed) return null;
  // Of a board nobody but its owner is in charge: there are no reports.
  const report = !isOwn(message) && !page.dataset.url;
  return { edit: isOwn(message), remove: isOwn(message) || standing.moderates, report };
}

function react(id, emoji) {
  const handles = timeline.get(id).reactions?.[emoji] ?? [];
  socket.react(id, emoji, !handles.includes(me));
}

function editLast() {
  const last = timeline.messages.findLast((message) => isOwn(message) && !message.removed);
  if (last) composer.edit(last);
}

function say(sentence) {
  notice.textContent = sentence;
  notice.hidden = false;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { notice.hidden = true; }, 6_000);
}

/* What the socket says */

function joined({ room, you, version, ...others }) {
  // Signed in as someone else in another tab: the page still speaks of the first one.
  if (you.handle !== me) {
    location.reload();
    return;
  }
  standing.joined(you);
  find("room-name").textContent = room.name;
  find("room-topic").textContent = room.topic ?? "";
  people.joined({ ...others, you });
  unread.mark(you.read);
  versionBar.compare(document.body.dataset.version, version);
}

function changedMember(event) {
  if (event.handle === me) standing.changedTo(event);
  people.changedRole(event);
  moderation.refresh();
}

// Other tools than before: in the room's menu, for the people, and for the message that is looked at.
function changedStanding() {
  for (const entry of document.querySelectorAll("[data-roles]")) {
    entry.hidden = !entry.dataset.roles.split(" ").includes(standing.role);
  }
  moderation.update();
  people.redraw();
  toolbar.hide();
}

function took(message) {
  typingOthers.hear(message.author.handle, false);
  timeline.add(message);
}

function synced() {
  timeline.flush();
  messageList.setAttribute("aria-busy", "false");
  page.dataset.state = "open";
  reading.synced();
}

function forgot() {
  reading.forgot();
  messageList.setAttribute("aria-busy", "true");
  timeline.clear();
  pending.dropStored();
}

function acked({ ref, id, event }) {
  if (event.type === "post" && !timeline.get(id)) pending.stored(ref, id);
  if (event.type === "edit" || event.type === "remove") timeline.item(event.id)?.classList.remove("changing");
  if (event.type === "schedule") say(schedule.stored({ ref, event }));
}

function rejected({ ref, code, detail, event, again }) {
  if (again || !event) return;
  if (event.type === "start") tasks.drop(ref);
  if (event.type === "schedule") {
    // Where it is said in the dialog, with what was written, it need not be kept in the room, too.
    if (schedule.refused({ ref, detail })) socket.discard(ref);
    return;
  }
  if (event.type === "edit" || event.type === "remove") {
    timeline.item(event.id)?.classList.remove("changing");
    timeline.redraw(event.id);
  }
  if (event.type === "fetch") reading.showOlder();
  else if (event.type !== "post") say(reasonFor(code, detail));
}

// Own changes show at once, in grey, until the server has them.
function showOutbox() {
  const drawnRefs = new Set(timeline.messages.filter(isOwn).map((message) => message.ref));
  pending.show(socket.pending, (ref) => drawnRefs.has(ref));
  for (const { event, failed } of socket.pending) {
    const item = failed ? null : timeline.item(event.id);
    if (!item || (event.type !== "edit" && event.type !== "remove")) continue;
    item.classList.add("changing");
    if (event.type === "edit") find("message-body", item).textContent = event.body;
  }
}

function paged({ messages }) {
  for (const message of messages) timeline.add(message);
  timeline.flush();
  reading.paged();
}

function changedStatus(status) {
  connectionBar.show(status);
  page.dataset.state = status.state === "open" ? "joined" : status.state;
  if (status.code === 4403) composer.close(standing.farewell);
  if (status.code === 4404) composer.close("There is no room here.");
}

const handlers = {
  joined, synced, acked, rejected, message: took, reset: forgot, outbox: showOutbox, page: paged, status: changedStatus,
  presence: (event) => people.changed(event),
  typing: ({ handle, on }) => handle !== me && typingOthers.hear(handle, on),
  read: ({ offset }) => unread.mark(offset),
  announcement: (event) => announcements.show(event),
  member: changedMember,
  reported: () => moderation.refresh(),
  task: (event) => tasks.show(event),
};
for (const [type, handler] of Object.entries(handlers)) {
  socket.addEventListener(type, ({ detail }) => handler(detail));
}

timeline.addEventListener("drawn", ({ detail }) => {
  for (const message of detail.messages) if (isOwn(message) && message.ref) pending.drop(message.ref);
  toolbar.refresh();
  showOutbox();
  reading.looked();
});
timeline.addEventListener("shortened", ({ detail }) => {
  socket.dropBefore(detail.from);
  reading.showOlder();
});
messageList.addEventListener("click", ({ target }) => {
  const quote = target.closest("[data-jump]");
  const reaction = target.closest("[data-react]");
  if (quote) reading.jump(Number(quote.dataset.jump));
  if (reaction) react(Number(reaction.closest(".message").dataset.id), reaction.dataset.react);
});
whenBack(() => socket.hurry());

onMenu("menu-schedule", () => schedule.open());

showOutbox();
socket.open();
