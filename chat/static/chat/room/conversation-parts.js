// @ts-check
// What each part of a conversation needs from the other parts, so that no part knows the conversation.
// Must not start a part: conversation.js does. Callbacks read the parts that start later.

import { byId } from "../ui/dom.js";
import { knowRooms } from "./marks.js";
import { makeMessageTools } from "./message-tools.js";

/** @typedef {import("./conversation.js").Conversation} Conversation */

/**
 * @param {Conversation} conversation
 * @param {(unread: import("./read-marker.js").Unread) => void} showUnread
 * @returns {import("./read-marker.js").Room}
 */
export function partsForReadMarker({ socket, scope }, showUnread) {
  return {
    scope, showUnread,
    send: (offset) => socket.read(offset),
    cursor: () => socket.cursor,
    loaded: () => ({ from: socket.completeFrom ?? Infinity, to: socket.pages.completeTo }),
  };
}

/**
 * @param {Conversation} conversation
 * @returns {import("./message-actions.js").Parts}
 */
export function partsForActions(conversation) {
  const { slug, socket, timeline, readMarker, isBoard } = conversation;
  return {
    slug, changes: socket.changes, timeline, readMarker, isBoard, hasProfiles: !isBoard,
    showNewest: () => conversation.history.showNewest(),
    isModerating: () => conversation.ownRole.isModerating,
    canModerate: (author) => conversation.moderation.canModerate(author, conversation.people.roleOf(author)),
  };
}

/**
 * @param {Conversation} conversation
 * @param {import("./typing.js").TypingSignal} typingSignal
 * @returns {import("./composer.js").Actions}
 */
export function actionsOfComposer(conversation, typingSignal) {
  return {
    submit: (body, target, files) => {
      const isCommand = target === null && !files.length && conversation.commands?.run(body);
      if (!isCommand) conversation.actions.submit(body, target, files.map(({ id }) => id));
    },
    typed: () => typingSignal.typed(),
    stoppedTyping: () => typingSignal.stop(),
    editLast: () => {
      const last = conversation.actions.findLastOwn();
      if (last) conversation.composer.edit(last);
    },
  };
}

/**
 * @param {Pick<Conversation, "page" | "composer" | "notify" | "scope">} conversation
 * @param {string} path where files are sent
 * @param {import("./late-attachments.js").Elements} [elements]
 * @returns {import("./late-attachments.js").Parts}
 */
export function partsForAttachments({ page, composer, notify, scope }, path, elements = findFileElements()) {
  return {
    path, notify, scope, mostBytes: Number(page.dataset.uploadBytes ?? 0), target: byId("content"), elements,
    isEnabled: () => composer.isEnabled && !composer.isEditing,
    changed: () => composer.filesChanged(),
    focus: () => composer.focus(),
  };
}

/** @returns {import("./late-attachments.js").Elements} those of the room's composer */
function findFileElements() {
  return {
    field: byId("composer"), attach: byId("composer-attach"), files: byId("composer-files"), status: byId("composer-files-status"),
    file: byId("composer-file", HTMLInputElement), camera: byId("composer-camera", HTMLInputElement),
  };
}

/**
 * @param {Conversation} conversation
 * @returns {import("./message-controls.js").Parts}
 */
export function partsForControls(conversation) {
  const { me, list, timeline, scope, withDialogs, notify } = conversation;
  return {
    me, list, timeline, scope, withDialogs, notify, scroller: byId("scroller"), actions: actionsOnMessages(conversation),
    rightsOn: (id) => conversation.actions.rightsOn(id),
    focusComposer: () => conversation.composer.focus(),
    showNewest: () => conversation.history.showNewest(),
    showOldest: () => conversation.history.showOldest(),
  };
}

/**
 * @param {Conversation} conversation
 * @param {import("./timeline.js").Timeline} [timeline] shows the messages
 * @returns {import("./message-controls.js").Actions}
 */
export function actionsOnMessages(conversation, timeline = conversation.timeline) {
  const { slug, socket, notify, withDialogs } = conversation;
  return {
    react: (id, emoji) => conversation.actions.toggleReaction(id, emoji),
    reply: (message) => conversation.composer.reply(message),
    thread: (message) => conversation.openThread(message.id),
    edit: (message) => conversation.composer.edit(message),
    remove: (id) => socket.changes.remove(id),
    report: (message) => withDialogs(({ openReportDialog }) => openReportDialog(slug, message, notify)),
    moderate: (message) => conversation.moderation.openPerson(message.author.handle),
    profile: (message) => conversation.links?.openCard(message.author.handle),
    closePoll: ({ id }) => { socket.changes.closePoll(id); },
    remind: ({ id }) => withDialogs(({ openRemindDialog }) => openRemindDialog((at) => socket.changes.remind(id, at))),
    ...makeMessageTools(slug, { changes: socket.changes, itemOf: (id) => timeline.item(id), notify, withDialogs }),
  };
}

/**
 * @param {Conversation} conversation
 * @returns {import("./own-changes.js").Parts}
 */
export function partsForOwnChanges(conversation) {
  const { socket, timeline, taskBars, history, notify, polls, buttons } = conversation;
  return {
    socket, timeline, taskBars, history, notify, polls, scheduleDialog: () => buttons.scheduleDialog,
    isGuest: () => conversation.isGuest, giveBack: (text) => conversation.composer.giveBack(text),
  };
}

/**
 * @param {Conversation} conversation
 * @returns {import("./person-links.js").Parts}
 */
export function partsForPersonLinks(conversation) {
  const { slug, me, socket, timeline, people, moderation, composer, withDialogs, page, list, scope } = conversation;
  return {
    slug, me, socket, timeline, people, moderation, composer, withDialogs, page, list,
    isGuest: () => conversation.isGuest, isActive: () => scope.isActive,
  };
}

/** Loads the catalogue of emoji, and the site's own emoji, for a search in both. */
async function loadEmoji() {
  const [catalogue, custom] = await Promise.all([import("../emoji/catalogue.js"), import("../connection/custom-emoji.js")]);
  await custom.loadCustomEmoji();
  return {
    search: (/** @type {string} */ query, /** @type {number} */ most) => [
      ...custom.searchCustomEmoji(query, most).map((own) => ({ emoji: custom.markOf(own), name: custom.markOf(own), url: own.url })),
      ...catalogue.search(query, most),
    ].slice(0, most),
  };
}

/**
 * @param {Conversation} conversation
 * @param {() => { slug: string, name: string }[]} ownRooms
 * @returns {import("../completion/sources.js").Room}
 */
export function partsForCompletion(conversation, ownRooms) {
  const { slug, me, isBoard, people, ownRole } = conversation;
  return {
    slug, me, isBoard, ownRooms,
    isGuest: () => conversation.isGuest,
    present: () => people.handles,
    mayCallAll: () => ownRole.mayCallAll(conversation.callers),
    commands: () => conversation.commands?.offered ?? [],
    loadCommands: async () => conversation.commands?.load(),
    found: knowRooms,
    loadEmoji,
  };
}
