// @ts-check
// The page of a signed-in person: connects the person's own stream, the list of rooms, the panes and the badges.
// Must not draw, and must not count.

import { asApiError, call } from "../connection/api.js";
import { LOCAL_EVENT } from "../connection/emitter.js";
import { MeSocket } from "../connection/me-socket.js";
import { PersonStorage } from "../connection/storage.js";
import { CLIENT_EVENT, SERVER_EVENT } from "../connection/wire.js";
import { byId, closestTo } from "../ui/dom.js";
import { onReturn } from "../ui/page-return.js";
import { onForgotten, pagePerson } from "../ui/person-data.js";
import { knowRooms } from "../room/marks.js";
import { Badges } from "./badges.js";
import { FindPanel } from "./find-panel.js";
import { loadTools, makeWithTools } from "./late-tools.js";
import { Panes } from "./panes.js";
import { addressOf, isFavourite, Places } from "./places.js";
import { Shell, slugOfPath } from "./shell.js";
import { makeRoomTools } from "./room-tools.js";
import { Sidebar } from "./sidebar.js";
import { UnsentChanges } from "./unsent-changes.js";

const KEPT_PLACES = "chat.places";
const SAVE_AFTER_MS = 1_000;
const NOTICE_MS = 6_000;

/** Starts the workspace of this page, and returns it. */
export function startWorkspace() {
  const workspace = new Workspace();
  workspace.start();
  return workspace;
}

export class Workspace {
  #element = byId("workspace");
  #announcer = byId("announcer");
  #notice = byId("workspace-notice");
  #storage = new PersonStorage(pagePerson);
  #badges = new Badges();
  #unsent = new UnsentChanges(this.#storage, pagePerson);
  /**
   * What is unread in the room on the page, as the room itself counts; null until the room has counted.
   * @type {{ unread: number, isMore: boolean } | null}
   */
  #here = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #saveTimer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #noticeTimer;

  constructor() {
    this.me = this.#element.dataset.handle ?? "";
    this.isGuest = this.#element.dataset.guest !== undefined;
    this.places = new Places(this.me);
    this.socket = new MeSocket({ posts: () => this.places.posts });
    this.withTools = makeWithTools((sentence) => this.notify(sentence));
    this.sidebar = new Sidebar({ openMenu: (slug, button) => this.#openMenu(slug, button) });
    const panes = new Panes({
      showUnread: (slug, unread) => this.#showUnread(slug, unread),
      makeTools: (room) => makeRoomTools(room, this.places.get(room.slug)),
      left: (slug) => this.left(slug),
      openSettings: (slug) => this.openSettings(slug),
      tools: {
        openPanel: (view, query) => this.findPanel.open(view, query),
        setLevel: (slug, level) => this.setLevel(slug, level),
        ownRooms: () => this.places.namedRooms,
      },
    });
    this.findPanel = new FindPanel(this);
    this.shell = new Shell(byId("pane"), panes, {
      going: (path) => this.#going(path),
      shown: (pane) => this.#shown(pane),
      announce: (sentence) => this.announce(sentence),
    });
    this.#listen();
  }

  start() {
    this.#load();
    this.shell.start();
    this.socket.open();
  }

  /**
   * Opens a room or another address of this site.
   * @param {string} address
   */
  go(address) {
    return this.shell.go(address);
  }

  /**
   * Says something to screen readers.
   * @param {string} sentence
   */
  announce(sentence) {
    this.#announcer.textContent = sentence;
  }

  /**
   * Shows a sentence to the person for six seconds.
   * @param {string} sentence
   */
  notify(sentence) {
    this.#notice.textContent = sentence;
    this.#notice.hidden = false;
    clearTimeout(this.#noticeTimer);
    this.#noticeTimer = setTimeout(() => { this.#notice.hidden = true; }, NOTICE_MS);
  }

  /**
   * Marks a room as read, in all tabs of the person.
   * @param {string} slug
   */
  markRead(slug) {
    const place = this.places.get(slug);
    if (!place) return;
    this.socket.read(slug, place.offset ?? 0);
    this.changePlace(slug, { unread: 0, mentions: 0 });
    if (this.shell.pane.slug === slug) this.shell.pane.conversation?.readMarker.markAllRead();
  }

  /** Marks all rooms as read. */
  async markAllRead() {
    const answer = await this.#request(CLIENT_EVENT.READ_ALL, {});
    if (!answer) return;
    for (const { slug } of this.places.all) this.places.change({ slug, unread: 0, mentions: 0 });
    this.shell.pane.conversation?.readMarker.markAllRead();
    this.#draw();
    this.announce("All rooms are marked as read.");
  }

  /**
   * Chooses for which messages of a room the person is notified.
   * @param {string} slug
   * @param {string} level
   */
  async setLevel(slug, level) {
    if (await this.#request(CLIENT_EVENT.LEVEL, { room: slug, level })) this.changePlace(slug, { level });
  }

  /** @param {string} slug */
  async toggleFavourite(slug) {
    const place = this.places.get(slug);
    const on = place !== undefined && !isFavourite(place);
    const last = Math.max(0, ...this.places.all.map(({ favourite }) => Number(favourite ?? 0)));
    if (await this.#request(CLIENT_EVENT.FAVOURITE, { room: slug, on })) {
      this.changePlace(slug, { favourite: on ? last + 1 : null });
    }
  }

  /**
   * Shows a change before the server tells it.
   * @param {string} slug
   * @param {object} fields
   */
  changePlace(slug, fields) {
    this.places.change({ slug, ...fields });
    this.#draw();
  }

  /**
   * Removes a room that the person has left, and shows the list of all rooms in its place.
   * @param {string} slug
   */
  left(slug) {
    this.places.change({ slug, gone: true });
    this.#draw();
    if (this.shell.pane.slug === slug) this.shell.go("/").then(() => this.shell.drop(`/rooms/${slug}/`));
    else this.shell.drop(`/rooms/${slug}/`);
  }

  #listen() {
    const { socket } = this;
    socket.on(SERVER_EVENT.WORKSPACE, ({ rooms }) => this.#replacePlaces(rooms));
    socket.on(SERVER_EVENT.ROOM, (event) => this.#roomChanged(event));
    socket.on(SERVER_EVENT.MENTION, (event) => this.#mentioned(event));
    socket.on(SERVER_EVENT.ANNOUNCEMENT, (event) => this.shell.pane.conversation?.announcements.show(event));
    socket.on(SERVER_EVENT.DISMISSED, ({ id }) => this.shell.pane.conversation?.announcements.hide(id));
    socket.on(LOCAL_EVENT.UNKNOWN, () => this.#element.classList.add("without-stream"));
    onReturn(() => {
      socket.checkConnection();
      this.#unsent.checkConnections();
    });
    onForgotten(() => {
      socket.close();
      this.#unsent.close();
    });
    document.addEventListener("keydown", (event) => this.#keyPressed(event));
    byId("read-all").addEventListener("click", () => this.markAllRead());
    byId("palette-button").addEventListener("click", () => this.openPalette());
    document.addEventListener("click", (event) => closestTo(event, "[data-action=create-room]") && this.createRoom());
    byId("new-direct").addEventListener("click", () => this.openPalette());
  }

  /** Opens the dialog that finds rooms and people. */
  openPalette() {
    this.withTools(({ openPalette }) => openPalette(this));
  }

  /**
   * Opens the dialog that creates a room.
   * @param {string} [name] what the person has typed already
   */
  createRoom(name = "") {
    this.withTools(({ openCreateRoomDialog }) => openCreateRoomDialog({ name, created: (slug) => this.go(`/rooms/${slug}/`) }));
  }

  /**
   * Opens the dialog in which an owner changes a room.
   * @param {string} slug
   */
  openSettings(slug) {
    const { pane } = this.shell;
    const { name, topic = "" } = pane.slug === slug && pane.conversation ? pane.conversation.title : (this.places.get(slug) ?? { name: slug });
    this.withTools(({ openRoomSettings }) => openRoomSettings({
      slug, name, topic,
      changed: (fields) => this.#renamed(slug, fields),
      deleted: () => this.left(slug),
    }));
  }

  /**
   * Opens the direct conversation with these people, and creates it if needed.
   * @param {string[]} handles
   */
  async openDirect(handles) {
    try {
      const { slug } = await call("POST", "/api/directs/", { handles });
      this.go(`/rooms/${slug}/`);
    } catch (error) {
      this.notify(asApiError(error).message);
    }
  }

  /**
   * @param {string} slug
   * @param {HTMLElement} button
   */
  #openMenu(slug, button) {
    this.withTools(({ openPlaceMenu }) => openPlaceMenu(this, slug, button));
  }

  /** @param {import("./places.js").Place[]} rooms */
  #replacePlaces(rooms) {
    this.places.replace(rooms);
    knowRooms(this.places.namedRooms);
    this.shell.pane.lobby?.redraw();
    this.#draw();
    // The tools load now, so that each of them then opens at once.
    loadTools();
  }

  /** @param {any} event */
  #roomChanged(event) {
    const wasListed = this.places.get(event.slug) !== undefined;
    if (!this.places.change(event)) return;
    if (event.gone) this.shell.drop(`/rooms/${event.slug}/`);
    if (event.name !== undefined || event.topic !== undefined) this.#showTitle(event.slug, event);
    if (wasListed !== !event.gone) this.shell.pane.lobby?.redraw();
    this.#draw();
  }

  /**
   * @param {string} slug
   * @param {{ name?: string, topic?: string }} fields
   */
  #renamed(slug, fields) {
    this.#showTitle(slug, fields);
    this.changePlace(slug, fields);
    this.shell.pane.lobby?.refresh();
  }

  /**
   * @param {string} slug
   * @param {{ name?: string, topic?: string }} title
   */
  #showTitle(slug, title) {
    // In a direct conversation each person sees the names of the others.
    if (this.shell.pane.slug === slug) this.shell.pane.conversation?.setTitle(title);
  }

  /** @param {any} event */
  #mentioned(event) {
    this.places.mentioned(event);
    this.#draw();
  }

  /** @param {string} path */
  #going(path) {
    this.sidebar.setCurrent(path);
    this.sidebar.toggleDrawer(false);
  }

  /** @param {import("./panes.js").Pane} pane */
  #shown(pane) {
    this.#here = null;
    this.places.setOpen(null);
    this.sidebar.setCurrent(pane.path);
    this.#unsent.send(this.me, pane.slug);
    this.findPanel.roomChanged();
    this.#draw();
  }

  /**
   * @param {string} slug
   * @param {import("../room/read-marker.js").Unread} unread
   */
  #showUnread(slug, { count, isMore }) {
    if (slug !== slugOfPath(this.shell.pane.path)) return;
    if (count === this.#here?.unread && isMore === this.#here.isMore) return;
    this.#here = { unread: count, isMore };
    this.places.setOpen({ slug, unread: count });
    this.#draw();
  }

  #draw() {
    this.sidebar.draw(this.places);
    const { slug } = this.shell.pane;
    const isListed = slug !== null && this.places.get(slug) !== undefined;
    const { unread, mentions } = this.places.totals;
    // A room that the stream does not list counts too: the stream may be of an older version, or not connected yet.
    const { unread: here, isMore } = this.#here ?? { unread: 0, isMore: false };
    this.#badges.show({ unread: isListed ? unread : unread + here, mentions }, { here, isMore });
    clearTimeout(this.#saveTimer);
    this.#saveTimer = setTimeout(() => this.#save(), SAVE_AFTER_MS);
  }

  /** Draws the rooms of the last visit until the server has sent the present ones. */
  #load() {
    try {
      const places = JSON.parse(this.#storage.getItem(KEPT_PLACES) ?? "[]");
      if (Array.isArray(places)) this.places.replace(places);
      knowRooms(this.places.namedRooms);
    } catch {
      // The server sends them soon.
    }
  }

  #save() {
    this.#storage.setItem(KEPT_PLACES, JSON.stringify(this.places.all));
  }

  /**
   * Sends a request, and shows why the server has refused it. Returns the `ack`, or null.
   * @param {string} type
   * @param {object} fields
   */
  async #request(type, fields) {
    const answer = await this.socket.request(type, fields);
    if (answer.type === SERVER_EVENT.ACK) return answer;
    this.notify(answer.detail || "The server rejected this change.");
    return null;
  }

  /** @param {KeyboardEvent} event */
  #keyPressed(event) {
    if (event.isComposing || document.querySelector("dialog[open]")) return;
    const isPalette = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    const isArrow = event.key === "ArrowUp" || event.key === "ArrowDown";
    if (isPalette) {
      event.preventDefault();
      this.openPalette();
    } else if (isArrow && event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      this.#goToNextUnread(event.key === "ArrowDown" ? 1 : -1);
    }
  }

  /** @param {1 | -1} direction */
  #goToNextUnread(direction) {
    const next = this.places.nextUnread(this.shell.pane.slug, direction);
    if (next) this.go(addressOf(next));
    else this.announce("There are no unread messages in other rooms.");
  }
}
