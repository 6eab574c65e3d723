// @ts-check
// The page of a signed-in person: connects the person's own stream, the list of rooms, the panes and the badges.
// Must not draw, and must not count.

import { asApiError, call } from "../connection/api.js";
import { LOCAL_EVENT } from "../connection/emitter.js";
import { MeSocket } from "../connection/me-socket.js";
import { keptStorage } from "../connection/kept-storage.js";
import { PersonStorage } from "../connection/storage.js";
import { CALLERS, CLOSE, SERVER_EVENT, TASK_STATE } from "../connection/wire.js";
import { byId, closestTo, make } from "../ui/dom.js";
import { onReturn } from "../ui/page-return.js";
import { forgetPerson, onForgotten, pagePerson } from "../ui/person-data.js";
import { knowRooms } from "../room/marks.js";
import { gettext, pgettext } from "../ui/translation.js";
import { Attention } from "./attention.js";
import { FindPanel } from "./find-panel.js";
import { loadTools, makeWithTools } from "./late-tools.js";
import { Overview } from "./overview.js";
import { Panes } from "./panes.js";
import { PlaceChanges } from "./place-changes.js";
import { addressOf, Places } from "./places.js";
import { makeRoomTools } from "./room-tools.js";
import { Shell } from "./shell.js";
import { SidePanel } from "./side-panel.js";
import { UnsentChanges } from "./unsent-changes.js";

const NOTICE_MS = 6_000;
// A kept room gets the changes that it missed, 200 at a time. After more changes than this, opening it again is quicker.
const MOST_MISSED = 1_000;

/** Starts the workspace of this page, and returns it. */
export function startWorkspace() {
  const workspace = new Workspace();
  workspace.start();
  return workspace;
}

/** @param {EventTarget | null} target */
function isTyping(target) {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}

export class Workspace {
  #element = byId("workspace");
  #announcer = byId("announcer");
  #notice = byId("workspace-notice");
  #storage = new PersonStorage(pagePerson);
  #unsent = new UnsentChanges(keptStorage(pagePerson), pagePerson);
  /** @type {Overview} */
  #overview;
  /**
   * Shows threads; null before the first one.
   * @type {import("./thread-panel.js").ThreadPanel | null}
   */
  #threadPanel = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #noticeTimer;

  constructor() {
    this.me = this.#element.dataset.handle ?? "";
    this.isGuest = this.#element.dataset.guest !== undefined;
    this.places = new Places(this.me);
    this.socket = new MeSocket({ posts: () => this.places.posts });
    this.panel = new SidePanel();
    this.withTools = makeWithTools((sentence) => this.notify(sentence));
    this.findPanel = new FindPanel(this, () => this.#overview.sidebar.toggleDrawer(false));
    this.attention = new Attention(this, this.#storage);
    const openMenu = (/** @type {string} */ slug, /** @type {HTMLElement} */ button) => this.#openMenu(slug, button);
    this.#overview = new Overview(this.places, this.#storage, { me: this.me, titleOf: (place) => this.attention.titleOf(place), openMenu });
    this.attention.start(() => this.#overview.draw());
    this.shell = new Shell(byId("pane"), new Panes(this.#paneOptions()), {
      going: (path) => this.#going(path),
      shown: (pane) => this.#shown(pane),
      showThread: (root) => this.#withThreads(root !== null, (threads) => threads.show(root)),
      announce: (sentence) => this.announce(sentence),
      notify: (sentence) => this.notify(sentence),
    });
    /** What the person changes about their rooms. */
    this.changes = new PlaceChanges({
      places: this.places, socket: this.socket, pane: () => this.shell.pane, changed: () => this.#overview.draw(),
      notify: (sentence) => this.notify(sentence), announce: (sentence) => this.announce(sentence),
      titleOf: (place) => this.attention.titleOf(place),
    });
    this.#listenToStream();
    this.#listenToPage();
  }

  start() {
    this.#overview.load();
    knowRooms(this.places.namedRooms);
    this.shell.start();
    this.socket.open();
    this.#element.dataset.state = "ready";
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
   * @param {...(string | Node)} sentence
   */
  notify(...sentence) {
    this.#notice.replaceChildren(...sentence);
    this.#notice.hidden = false;
    clearTimeout(this.#noticeTimer);
    this.#noticeTimer = setTimeout(() => { this.#notice.hidden = true; }, NOTICE_MS);
  }

  /** Opens the dialog that finds rooms, people, messages and actions. */
  openPalette() {
    this.withTools(({ openPalette }) => openPalette(this));
  }

  /** Opens the dialog that begins a direct conversation. */
  openNewDirect() {
    this.withTools(({ openNewDirectDialog }) => openNewDirectDialog(this));
  }

  /** Opens the list of all keys. */
  openHelp() {
    this.withTools(({ openHelpSheet }) => openHelpSheet());
  }

  /**
   * Opens the dialog that creates a room.
   * @param {string} [name] what the person has typed already
   */
  createRoom(name = "") {
    const created = (/** @type {string} */ slug) => this.go(`/rooms/${slug}/`);
    this.withTools(({ openCreateRoomDialog }) => openCreateRoomDialog({ name, created }));
  }

  /**
   * Opens the dialog in which an owner changes a room.
   * @param {string} slug
   */
  openSettings(slug) {
    const { pane } = this.shell;
    const place = this.places.get(slug);
    const title = pane.slug === slug ? pane.conversation?.title : place;
    const isArchived = pane.slug === slug ? Boolean(pane.conversation?.isArchived) : Boolean(place?.archived);
    const callers = (pane.slug === slug ? pane.conversation?.callers : place?.callers) ?? CALLERS.MODERATORS;
    this.withTools(({ openRoomSettings }) => openRoomSettings({
      slug, name: title?.name ?? slug, topic: title?.topic ?? "", callers, isArchived,
      changed: (fields) => this.#settingsChanged(slug, fields),
      archived: (archived) => this.changes.show(slug, { archived }), deleted: () => this.left(slug),
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
   * Removes a room that the person has left or deleted. If the room is on the page, shows the list of all rooms instead.
   * @param {string} slug
   */
  async left(slug) {
    this.changes.show(slug, { gone: true });
    if (this.shell.pane.slug === slug) await this.go("/");
    else this.shell.pane.lobby?.refresh();
    this.shell.drop(`/rooms/${slug}/`);
  }

  /** @returns {import("./panes.js").Options} */
  #paneOptions() {
    return {
      showUnread: (slug, unread) => this.#overview.setUnread(slug, unread),
      makeTools: (room) => makeRoomTools(room, this.places.get(room.slug)),
      social: { directory: this.attention.directory, openDirect: (handles) => this.openDirect(handles) },
      left: (slug) => this.left(slug),
      openSettings: (slug) => this.openSettings(slug),
      tools: {
        find: (view, query) => this.findPanel.open(view, query),
        setLevel: (slug, level) => this.changes.setLevel(slug, level),
        ownRooms: () => this.places.namedRooms,
      },
      openDetails: () => this.withTools(({ openRoomDetails }) => openRoomDetails(this)),
      showThread: (root, reply) => this.#withThreads(root !== null, (threads) => threads.open(root, reply)),
      isOutdated: (pane) => this.#hasMissedMuch(pane),
    };
  }

  #listenToStream() {
    const { socket } = this;
    socket.on(SERVER_EVENT.WORKSPACE, (event) => this.#replacePlaces(event));
    socket.on(SERVER_EVENT.ROOM, (event) => this.#roomChanged(event));
    socket.on(SERVER_EVENT.MENTION, (event) => {
      this.places.mentioned(event);
      this.attention.mentioned(event);
      this.#overview.draw();
    });
    socket.on(SERVER_EVENT.THREAD, (event) => {
      this.attention.replied(event);
      this.#roomChanged({ slug: event.room, threads: event.threads });
    });
    socket.on(SERVER_EVENT.ANNOUNCEMENT, (event) => this.attention.announced(event));
    // The pane shows the announcements, and the tasks that were started in its room: its own socket receives them too.
    socket.on(SERVER_EVENT.TASK, (event) => this.#taskChanged(event));
    socket.on(LOCAL_EVENT.STATUS, ({ code }) => code === CLOSE.NOT_SIGNED_IN && this.#signedOut());
    socket.on(LOCAL_EVENT.UNKNOWN, () => this.#element.classList.add("without-stream"));
  }

  #listenToPage() {
    onReturn(() => {
      this.socket.checkConnection();
      this.#unsent.checkConnections();
    });
    onForgotten(() => {
      this.socket.close();
      this.#unsent.close();
    });
    document.addEventListener("keydown", (event) => this.#keyPressed(event));
    document.addEventListener("click", (event) => closestTo(event, "[data-action=create-room]") && this.createRoom());
    byId("read-all").addEventListener("click", () => this.changes.markAllRead());
    byId("palette-button").addEventListener("click", () => this.openPalette());
    byId("new-direct").addEventListener("click", () => this.openNewDirect());
  }

  /**
   * @param {boolean} isNeeded whether to load the code of threads, if it is not loaded
   * @param {(threads: import("./thread-panel.js").ThreadPanel) => void} act
   */
  #withThreads(isNeeded, act) {
    if (this.#threadPanel) act(this.#threadPanel);
    else if (isNeeded) this.withTools(({ ThreadPanel }) => act((this.#threadPanel ??= new ThreadPanel(this))));
  }

  /**
   * @param {string} slug
   * @param {HTMLElement} button
   */
  #openMenu(slug, button) {
    this.withTools(({ openPlaceMenu }) => openPlaceMenu(this, slug, button));
  }

  /** @param {{ rooms: import("./places.js").Place[], you?: { person?: string } }} event */
  #replacePlaces({ rooms, you }) {
    // Another person has signed in in another tab, so this page must be loaded for the new person.
    if (you?.person && you.person !== pagePerson) {
      location.reload();
      return;
    }
    this.places.replace(rooms);
    knowRooms(this.places.namedRooms);
    this.shell.pane.lobby?.redraw();
    this.#overview.draw();
    // The tools load now, so that each of them then opens at once.
    loadTools().then((tools) => {
      this.attention.notifyWith(tools);
      tools?.sortFavourites(byId("sidebar"), this.#favouriteActions());
    });
  }

  /** @returns {import("./favourite-sorting.js").Actions} */
  #favouriteActions() {
    return {
      move: (slug, before) => this.changes.moveFavourite(slug, before),
      moveBy: (slug, step) => this.changes.moveFavouriteBy(slug, step),
      openMenu: (slug, button) => this.#openMenu(slug, button),
    };
  }

  /** @param {any} event */
  #roomChanged(event) {
    const wasListed = this.places.get(event.slug) !== undefined;
    this.attention.roomChanged(event);
    if (!this.places.change(event)) return;
    if (event.gone) this.shell.drop(`/rooms/${event.slug}/`);
    if (event.name !== undefined || event.topic !== undefined) this.#showTitle(event.slug, event);
    if (event.callers !== undefined) this.#showCallers(event.slug, event.callers);
    if (event.threads !== undefined) this.findPanel.threadsChanged();
    if (wasListed !== !event.gone) this.shell.pane.lobby?.redraw();
    this.#overview.draw();
  }

  /**
   * @param {string} slug
   * @param {{ name: string, topic: string, callers: string }} fields
   */
  #settingsChanged(slug, fields) {
    this.#showTitle(slug, fields);
    this.#showCallers(slug, fields.callers);
    this.changes.show(slug, fields);
    this.shell.pane.lobby?.refresh();
  }

  /**
   * @param {string} slug
   * @param {{ name?: string, topic?: string }} title
   */
  #showTitle(slug, title) {
    if (this.shell.pane.slug === slug) this.shell.pane.conversation?.setTitle(title);
  }

  /**
   * @param {string} slug
   * @param {string} callers who may call everybody
   */
  #showCallers(slug, callers) {
    const { pane } = this.shell;
    if (pane.slug === slug && pane.conversation) pane.conversation.callers = callers;
  }

  #signedOut() {
    forgetPerson();
    // A room says itself that the person is signed out. The list of all rooms is open to everybody, so it loads again.
    if (this.shell.pane.slug === null) location.reload();
  }

  /**
   * Tells the person that a task is ready, if no bar in the pane shows it.
   * @param {{ ref: string, state: string, result?: string }} task
   */
  #taskChanged({ ref, state, result }) {
    if (state !== TASK_STATE.DONE || !result || this.shell.pane.conversation?.taskBars.has(ref)) return;
    const link = make("a", { href: result, target: "_blank", rel: "noopener", text: pgettext("button", "Open") });
    this.notify(gettext("What you started in another room is ready."), " ", link);
  }

  /** @param {string} path */
  #going(path) {
    this.#overview.sidebar.setCurrent(path);
    this.#overview.sidebar.toggleDrawer(false);
  }

  /** @param {import("./panes.js").Pane} pane */
  #shown(pane) {
    this.#overview.setPane(pane);
    this.attention.shown(pane);
    this.#unsent.send(this.me, pane.slug);
    if (this.panel.name === "details") this.panel.close();
    this.#threadPanel?.close();
    this.findPanel.roomChanged();
  }

  /**
   * Returns whether a kept room has missed so much that it is quicker to open the room again.
   * @param {import("./panes.js").Pane} pane
   */
  #hasMissedMuch({ slug, conversation }) {
    const offset = slug === null ? 0 : (this.places.get(slug)?.offset ?? 0);
    return offset - (conversation?.socket.cursor ?? offset) > MOST_MISSED;
  }

  /** @param {KeyboardEvent} event */
  #keyPressed(event) {
    if (event.isComposing || document.querySelector("dialog[open]")) return;
    const { key, altKey, shiftKey } = event;
    const isCommand = event.ctrlKey || event.metaKey;
    if (key.toLowerCase() === "k" && isCommand && !altKey && !shiftKey) {
      event.preventDefault();
      this.openPalette();
    } else if (key === "?" && !isTyping(event.target)) {
      event.preventDefault();
      this.openHelp();
    } else if ((key === "ArrowUp" || key === "ArrowDown") && altKey && !isCommand && !shiftKey) {
      event.preventDefault();
      this.#goToNextUnread(key === "ArrowDown" ? 1 : -1);
    }
  }

  /** @param {1 | -1} direction */
  #goToNextUnread(direction) {
    const next = this.places.nextUnread(this.shell.pane.slug, direction);
    if (next) this.go(addressOf(next));
    else this.announce(gettext("There are no unread messages in other rooms."));
  }
}
