// @ts-check
// What the palette finds: rooms of the person, other rooms, actions, people and messages. Must not draw.
//
// A local source returns at once what the page knows. A remote source asks the server, and must not throw.

import { call } from "../connection/api.js";
import { KIND } from "../connection/wire.js";
import { gettext } from "../ui/translation.js";
import { isolate } from "../ui/format.js";
import { find } from "./finder.js";
import { othersIn } from "./direct-titles.js";
import { addressOf, countOf } from "./places.js";

const MOST = 8;
const MOST_MESSAGES = 5;
const SHORTEST_SEARCH = 2;

/**
 * @typedef {object} Result
 * @property {string} key is unique: the same room of two sources is shown once
 * @property {string} group the heading above the result
 * @property {string} title
 * @property {string} [detail]
 * @property {string} [sign] the name of an icon
 * @property {string} [person] a handle whose avatar is shown instead of the icon
 * @property {number} [count] how many messages are unread
 * @property {() => void} act
 */

/** @typedef {import("./workspace.js").Workspace} Workspace */
/** @typedef {(query: string, workspace: Workspace) => Result[]} LocalSource */
/** @typedef {(query: string, workspace: Workspace, signal: AbortSignal) => Promise<Result[]>} RemoteSource */

/** @type {LocalSource} */
function findPlaces(query, workspace) {
  const places = [...workspace.places.all].sort((a, b) => (
    Number(countOf(b) > 0) - Number(countOf(a) > 0) || (b.last_at ?? "").localeCompare(a.last_at ?? "")
  ));
  const open = workspace.shell.pane.slug;
  const others = query ? places : places.filter(({ slug }) => slug !== open);
  return find(others, query, (place) => [workspace.attention.titleOf(place), place.slug, ...(place.people ?? [])]).slice(0, MOST).map((place) => ({
    key: addressOf(place),
    group: gettext("Your rooms"),
    title: workspace.attention.titleOf(place),
    detail: place.kind === KIND.DIRECT ? "" : place.topic,
    sign: { [KIND.PRIVATE]: "lock", [KIND.BOARD]: "board" }[place.kind] ?? "room",
    person: place.kind === KIND.DIRECT ? (othersIn(place, workspace.me)[0] ?? place.name) : undefined,
    count: countOf(place),
    act: () => workspace.go(addressOf(place)),
  }));
}

/** @type {RemoteSource} */
async function findOtherRooms(query, workspace, signal) {
  if (!query) return [];
  const answer = await ask(`/api/rooms/?q=${encodeURIComponent(query)}`, signal);
  return (answer?.rooms ?? []).slice(0, MOST).map((/** @type {any} */ { slug, name, topic, private: isPrivate }) => ({
    key: `/rooms/${slug}/`,
    group: gettext("All rooms"),
    title: name,
    detail: topic,
    sign: isPrivate ? "lock" : "room",
    act: () => workspace.go(`/rooms/${slug}/`),
  }));
}

/**
 * Returns the answer of the API, or null for an error: the palette then shows the other results.
 * @param {string} address
 * @param {AbortSignal} signal
 */
function ask(address, signal) {
  return call("GET", address, undefined, { signal }).catch(() => null);
}

/** @type {RemoteSource} */
async function findPeople(query, workspace, signal) {
  if (!query) return [];
  const here = workspace.shell.pane.conversation?.people.handles ?? [];
  const known = workspace.places.all.flatMap(({ people = [] }) => people);
  const answer = await ask(`/api/people/?q=${encodeURIComponent(query)}`, signal);
  /** @type {Map<string, string>} */
  const names = new Map([...here, ...known].map((handle) => [handle, ""]));
  for (const { handle, name } of answer?.people ?? []) names.set(handle, name);
  names.delete(workspace.me);
  return find([...names], query, (person) => person).slice(0, MOST).map(([handle, name]) => ({
    key: `person ${handle}`,
    group: gettext("People"),
    title: handle,
    detail: name && name !== handle ? name : gettext("Write to this person"),
    person: handle,
    act: () => workspace.openDirect([handle]),
  }));
}

/** @type {RemoteSource} */
async function findMessages(query, workspace, signal) {
  if ([...query].length < SHORTEST_SEARCH) return [];
  const answer = await ask(`/api/search/?q=${encodeURIComponent(query)}`, signal);
  return (answer?.results ?? []).slice(0, MOST_MESSAGES).map((/** @type {any} */ { room, message }) => {
    const slug = room?.slug ?? room;
    const address = `/rooms/${slug}/#message-${message.id}`;
    const name = room?.name ?? workspace.places.get(slug)?.name ?? slug;
    const act = () => workspace.go(address);
    return { key: address, group: gettext("Messages"), title: message.body, detail: gettext("%(author)s in %(room)s", { author: isolate(message.author.handle), room: isolate(name) }), sign: "search", act };
  });
}

/** @type {LocalSource} */
function findActions(query, workspace) {
  /** @type {Pick<Result, "title" | "sign" | "act">[]} */
  const actions = [
    { title: gettext("Browse rooms"), sign: "browse", act: () => workspace.go("/") },
    { title: gettext("Show all keys"), sign: "more", act: () => workspace.openHelp() },
    { title: gettext("Mark all rooms as read"), sign: "read", act: () => workspace.changes.markAllRead() },
    { title: query ? gettext("Search messages for “%(query)s”", { query: isolate(query) }) : gettext("Search messages"), sign: "search", act: () => workspace.findPanel.open("search", query) },
    { title: gettext("Pinned messages"), sign: "pin", act: () => workspace.findPanel.open("pins") },
    { title: gettext("Bookmarks"), sign: "bookmark", act: () => workspace.findPanel.open("bookmarks") },
    { title: gettext("Threads"), sign: "thread", act: () => workspace.findPanel.open("threads") },
    { title: gettext("Mentions"), sign: "at", act: () => workspace.findPanel.open("mentions") },
  ];
  const { conversation } = workspace.shell.pane;
  if (conversation) actions.push({ title: gettext("Jump to a day"), sign: "day", act: () => conversation.openDateDialog() });
  if (!workspace.isGuest) {
    actions.push({ title: query ? gettext("Create the room “%(name)s”", { name: isolate(query) }) : gettext("Create a room"), sign: "plus", act: () => workspace.createRoom(query) });
  }
  const takesQuery = (/** @type {{ sign?: string }} */ { sign }) => (sign === "plus" || sign === "search") && query !== "";
  const found = find(actions, query, ({ title }) => [title]);
  const shown = [...found, ...actions.filter((action) => takesQuery(action) && !found.includes(action))];
  return shown.map((action) => ({ ...action, key: `action ${action.sign}`, group: gettext("Actions") }));
}

/**
 * The sources in the order of their results.
 * @type {({ local: LocalSource } | { remote: RemoteSource })[]}
 */
export const SOURCES = [
  { local: findPlaces }, { remote: findOtherRooms }, { remote: findPeople }, { remote: findMessages }, { local: findActions },
];
