// @ts-check
// Notifies the person of mentions, direct messages and reminders, and, if the person wants that, of all messages and of
// replies in followed threads.
// Must not decide what is notified: notification-rules.js does. Must not know how the browser shows it:
// ui/notification-worker.js does.
//
// Every tab receives every event, and only one tab notifies the person. Web Locks choose this tab: each notification
// has a lock, and the tab that gets the lock shows the notification. A tab that has the keyboard's focus holds a lock
// for the room on its page. While this lock is held, no tab notifies the person of that room. Browsers delay timers in
// hidden tabs, but locks need no timers. A lock ends with its tab.

import { call } from "../connection/api.js";
import { sharedStorage } from "../connection/storage.js";
import { LEVEL } from "../connection/wire.js";
import { byId } from "../ui/dom.js";
import { describeFiles } from "../ui/files.js";
import { isolate } from "../ui/format.js";
import { canNotify, closeNotifications, registerWorker, showNotification, startNotifications } from "../ui/notification-worker.js";
import { isPageFocused } from "../ui/page-title.js";
import { pagePerson } from "../ui/person-data.js";
import { keepSubscribed } from "../ui/push.js";
import { gettext, ngettext } from "../ui/translation.js";
import { watchActivity } from "./activity.js";
import { keepRoomNames } from "./kept-names.js";
import { DEFAULT_PREFERENCES, isMentionNotified, isNoticeRead, isQuiet, isReplyNotified, newMessageAuthor } from "./notification-rules.js";
import { addressOf } from "./places.js";
import { Sound } from "./sound.js";

// A tab holds the lock until the other tabs have received the event too. This takes seconds, or longer in frozen tabs.
const CLAIM_MS = 120_000;
// A clock may be slow by some seconds.
const FRESH_MS = 60_000;
// The person may have changed the preferences on another page or device.
const REFRESH_MS = 60_000;
const ANSWERED = "chat.page.notifications-answered";

/** @typedef {import("../ui/notification-worker.js").Notice} Notice */

export class Notifications {
  /** @type {import("./workspace.js").Workspace} */
  #workspace;
  #preferences = DEFAULT_PREFERENCES;
  #refreshedAt = 0;
  #sound = new Sound();
  #bar = byId("notify-bar");
  /** @type {(() => void) | null} */
  #leaveRoom = null;
  /** @type {string | null} */
  #room = null;

  /** @param {import("./workspace.js").Workspace} workspace */
  constructor(workspace) {
    this.#workspace = workspace;
    workspace.socket.isActive = watchActivity();
    registerWorker();
    keepSubscribed();
    if (!canNotify()) return;
    for (const type of ["focus", "blur"]) window.addEventListener(type, () => this.update());
    document.addEventListener("visibilitychange", () => this.update());
    byId("notify-allow").addEventListener("click", () => this.#allow());
    byId("notify-refuse").addEventListener("click", () => this.#answered());
    startNotifications((address) => this.#workspace.go(address));
    this.update();
    this.refresh();
  }

  /** Loads the preferences again, at most once a minute, and applies them to the sound and the bar. */
  async refresh() {
    if (!canNotify() || Date.now() - this.#refreshedAt < REFRESH_MS) return;
    this.#refreshedAt = Date.now();
    try {
      this.#preferences = await call("GET", "/api/preferences/");
    } catch {
      // The old preferences stay.
    }
    this.#sound.isWanted = this.#preferences.sound ?? false;
    this.#showBar();
  }

  /**
   * Tells the other tabs which room the person looks at in this tab, if any. The workspace calls this when another pane is
   * shown.
   */
  update() {
    if (!canNotify()) return;
    const room = isPageFocused() ? this.#workspace.shell.pane.slug : null;
    if (room === this.#room) return;
    this.#room = room;
    this.#leaveRoom?.();
    this.#leaveRoom = null;
    if (room === null) return;
    const left = new Promise((resolve) => { this.#leaveRoom = () => resolve(undefined); });
    navigator.locks.request(openLock(room), { mode: "shared" }, () => left);
  }

  /** @param {any} event a `mention` */
  mentioned(event) {
    const { places, me } = this.#workspace;
    const place = places.get(event.room);
    if (!isMentionNotified(event, place, this.#preferences, me)) return;
    const author = this.#workspace.attention.directory.nameOf(event.author.handle);
    const isPair = event.direct && (place?.people?.length ?? 0) <= 2;
    this.#notify({
      title: isPair ? author : gettext("%(author)s in %(room)s", { author: isolate(author), room: isolate(this.#titleOf(event.room)) }),
      body: event.text || describeFiles(event.files ?? []), slug: event.room, tag: `${event.room} ${event.id}`,
      address: `${place ? addressOf(place) : `/rooms/${event.room}/`}#message-${event.id}`,
    });
  }

  /** @param {any} event a `thread`: a reply in a thread that the person follows */
  replied(event) {
    const { places, attention } = this.#workspace;
    const place = places.get(event.room);
    if (!place || !isReplyNotified(place, this.#preferences)) return;
    const author = attention.directory.nameOf(event.author.handle);
    this.#notify({
      title: gettext("%(author)s replied in %(room)s", { author: isolate(author), room: isolate(this.#titleOf(event.room)) }),
      body: event.text || describeFiles(event.files ?? []), slug: event.room, tag: `${event.room} ${event.id}`,
      address: `${addressOf(place)}#message-${event.id}`, isReply: true,
    });
  }

  /**
   * Notifies the person of a reminder, also in the quiet hours: the person has chosen the time. A page that opens later
   * shows the reminder without a notification.
   * @param {import("../ui/announcements.js").Announcement} event
   */
  announced({ id, text, at, reminder, link }) {
    if (reminder === undefined || !at || Date.now() - new Date(at).getTime() > FRESH_MS) return;
    this.#notify({ title: gettext("Reminder"), body: text, slug: "", tag: `reminder ${id}`, address: link ?? "/" }, undefined, true);
  }

  /**
   * Notifies the person of the new messages that a `room` event reports, and closes the notifications of a room that the
   * person has read or left. Call this before the list of rooms takes the event, because this method compares the number of
   * messages with the list.
   * @param {any} event
   */
  roomChanged(event) {
    if (!canNotify()) return;
    // The person has read the room or a thread, here or on another device, or has left the room.
    if (event.unread === 0 || event.threads === 0 || event.gone) {
      closeNotifications((data) => data.slug === event.slug && (event.gone || isNoticeRead(data, event)));
    }
    const { places, me, attention } = this.#workspace;
    const place = places.get(event.slug);
    const author = newMessageAuthor(event, place, this.#preferences, me);
    if (!place || author === null) return;
    const count = event.posts - (place.posts ?? event.posts);
    this.#notify({
      title: this.#titleOf(event.slug),
      body: describeNew(count, isolate(attention.directory.nameOf(author))),
      slug: event.slug, tag: event.slug, address: addressOf(place),
    }, `${event.slug} ${event.posts}`);
  }

  /**
   * Closes the notifications of rooms that the person has read elsewhere while this page was not open, and keeps the names of
   * the rooms. Call this when the server has sent the list of rooms.
   */
  roomsListed() {
    const { places } = this.#workspace;
    keepRoomNames(places.namedRooms);
    if (!canNotify()) return;
    closeNotifications((data) => {
      const place = places.get(data.slug);
      return place !== undefined && isNoticeRead(data, { ...place, threads: place.threads ?? 0 });
    });
  }

  /** @param {string} slug */
  #titleOf(slug) {
    const { places, attention } = this.#workspace;
    const place = places.get(slug);
    return place ? attention.titleOf(place) : slug;
  }

  /**
   * @param {Notice} notice
   * @param {string} claim identifies the event, so that only one tab notifies the person of it
   * @param {boolean} isWanted whether the person is notified in the quiet hours too
   */
  async #notify(notice, claim = notice.tag, isWanted = false) {
    if (!canNotify() || !isWanted && isQuiet(this.#preferences, this.#workspace.attention.directory.get(this.#workspace.me)?.time_zone, new Date())) return;
    const { held = [] } = await navigator.locks.query();
    if (held.some(({ name }) => name === openLock(notice.slug))) return;
    navigator.locks.request(`chat.notify.${pagePerson}.${claim}`, { ifAvailable: true }, (lock) => {
      if (!lock) return undefined;
      this.#sound.play();
      showNotification(notice);
      return new Promise((resolve) => { setTimeout(resolve, CLAIM_MS); });
    });
  }

  /** Shows or hides the bar that asks for the permission. The person may close this bar permanently. */
  #showBar() {
    const isOpen = Notification.permission === "default" && this.#preferences.notify !== LEVEL.NONE;
    this.#bar.hidden = !isOpen || sharedStorage.getItem(ANSWERED) !== null;
  }

  async #allow() {
    // Browsers show their question only after the person has pressed a button.
    const answer = await Notification.requestPermission();
    this.#answered();
    registerWorker();
    this.#workspace.notify(answer === "granted"
      ? gettext("Your browser now notifies you of mentions and direct messages.") : gettext("Notifications stay off. You can allow them in the browser's settings."));
  }

  #answered() {
    sharedStorage.setItem(ANSWERED, "1");
    const hadFocus = this.#bar.contains(document.activeElement);
    this.#bar.hidden = true;
    if (hadFocus) byId("palette-button").focus();
  }
}

/**
 * @param {number} count
 * @param {string} author of the newest message
 */
function describeNew(count, author) {
  if (count <= 1) return gettext("New message by %(author)s", { author });
  return ngettext("%(count)s new message, the newest by %(author)s", "%(count)s new messages, the newest by %(author)s", count, { author });
}

/** @param {string} room */
function openLock(room) {
  return `chat.open.${pagePerson}.${room}`;
}
