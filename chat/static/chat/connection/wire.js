// @ts-check
// The names of the wire: close codes, event types, refusal codes, limits. docs/protocol.md explains them.
// Must not hold behaviour: only constants, and the types of what the server sends.

/** The longest body of a message, in code points. */
export const LONGEST_BODY = 4000;
// A message has at most this number of files.
export const MOST_FILES = 10;
/** How many messages the server sends to a client that joins without a cursor. */
export const BACKLOG_SIZE = 50;

export const CLOSE = Object.freeze({
  NORMAL: 1000,
  // Never sent: browsers report it when a connection ended without a close frame.
  ABNORMAL: 1006,
  INVALID_TEXT: 1007,
  TOO_LARGE: 1009,
  OVERLOADED: 1013,
  NOT_SIGNED_IN: 4401,
  FORBIDDEN: 4403,
  NOT_FOUND: 4404,
  CONNECTION_LOST: 4408,
  FLOODING: 4429,
});

/**
 * After one of these codes the client must not reconnect automatically.
 * @type {Set<number>}
 */
export const FINAL_CLOSE_CODES = new Set([
  CLOSE.INVALID_TEXT, CLOSE.TOO_LARGE, CLOSE.NOT_SIGNED_IN, CLOSE.FORBIDDEN, CLOSE.NOT_FOUND,
]);

/** The events that a client sends: in a room, in a board's waiting room, and in the person's own stream. */
export const CLIENT_EVENT = Object.freeze({
  POST: "post",
  EDIT: "edit",
  REMOVE: "remove",
  REACT: "react",
  PIN: "pin",
  TYPING: "typing",
  READ: "read",
  SYNC: "sync",
  FETCH: "fetch",
  START: "start",
  SCHEDULE: "schedule",
  DISMISS: "dismiss",
  COMMAND: "command",
  VOTE: "vote",
  CLOSE_POLL: "close_poll",
  REMIND: "remind",
  KNOCK: "knock",
  ADMIT: "admit",
  REFUSE: "refuse",
  SHUT: "shut",
  LEVEL: "level",
  READ_ALL: "read_all",
  FAVOURITE: "favourite",
});

/** The events that the server sends: in a room, in a board's waiting room, in the lobby, and in a person's own stream. */
export const SERVER_EVENT = Object.freeze({
  JOINED: "joined",
  MESSAGE: "message",
  ACK: "ack",
  REJECTED: "rejected",
  SYNCED: "synced",
  PAGE: "page",
  PRESENCE: "presence",
  TYPING: "typing",
  READ: "read",
  ANNOUNCEMENT: "announcement",
  DISMISSED: "dismissed",
  TASK: "task",
  MEMBER: "member",
  REPORTED: "reported",
  EXPIRED: "expired",
  KNOCKED: "knocked",
  LEFT: "left",
  WAITING: "waiting",
  ADMITTED: "admitted",
  REFUSED: "refused",
  REMOVED: "removed",
  SHUT: "shut",
  UPDATED: "updated",
  WORKSPACE: "workspace",
  ROOM: "room",
  MENTION: "mention",
  PROFILE: "profile",
  THREAD: "thread",
});

/** The codes of a refusal that the client handles individually. The server has more. */
export const REFUSAL = Object.freeze({
  MUTED: "muted",
  FORBIDDEN: "forbidden",
  TOO_LONG: "too_long",
  EMPTY: "empty",
  NOT_FOUND: "not_found",
  INVALID_FIELD: "invalid_field",
  REF_CONFLICT: "ref_conflict",
  // The server never sends this code: the client gives it to changes that are too old to be sent again.
  REF_EXPIRED: "ref_expired",
  RATE_LIMITED: "rate_limited",
  UNAVAILABLE: "unavailable",
  INTERNAL: "internal",
  CSRF_FAILED: "csrf_failed",
});

/** A person's role in a room. */
export const ROLE = Object.freeze({
  GUEST: "guest",
  MEMBER: "member",
  MODERATOR: "moderator",
  OWNER: "owner",
  MUTED: "muted",
  BANNED: "banned",
});

/** For which messages of a room a person is notified. */
export const LEVEL = Object.freeze({ ALL: "all", MENTIONS: "mentions", NONE: "none" });

/** The kinds of a person's rooms. */
export const KIND = Object.freeze({ ROOM: "room", PRIVATE: "private", DIRECT: "direct", BOARD: "board" });

/** The values of a room's setting: who may call everybody with `@all` and `@here`. */
export const CALLERS = Object.freeze({ EVERYONE: "everyone", MODERATORS: "moderators", OWNERS: "owners", NOBODY: "nobody" });

export const TASK_STATE = Object.freeze({ QUEUED: "queued", RUNNING: "running", DONE: "done", FAILED: "failed" });

/**
 * One event of the wire. Its other fields depend on its `type`.
 * @typedef {{ type: string, [field: string]: any }} WireEvent
 */

/**
 * How the wire names a person. The author of a webhook's message is a bot, with a name and an emoji for this message.
 * @typedef {{ handle: string, guest?: boolean, bot?: true, name?: string, icon?: string }} PersonName
 */

/**
 * A file that a person has uploaded. Only a picture has a width and a height, in pixels.
 * @typedef {object} UploadedFile
 * @property {string} id
 * @property {string} name
 * @property {string} type
 * @property {number} size in bytes
 * @property {number} [width]
 * @property {number} [height]
 */

/** @typedef {UploadedFile & { url: string, thumbnail?: string }} MessageFile a picture has no thumbnail until the server has made it */

/**
 * @typedef {object} LinkPreview
 * @property {number} id
 * @property {string} url the address of the page
 * @property {string} title
 * @property {string} [description]
 * @property {string} [site] the name that the site gives itself
 * @property {{ url: string, width: number, height: number }} [image] an image of this site
 */

/**
 * @typedef {object} Poll
 * @property {string} question
 * @property {{ text: string, votes: number, voters?: string[] }[]} options `voters` are handles; absent in an anonymous poll
 *   and in one with many votes
 * @property {boolean} multiple whether people can choose several options
 * @property {boolean} anonymous
 * @property {boolean} closed
 * @property {string} [closes_at] ISO 8601, UTC
 * @property {number} people how many people have voted
 * @property {string[]} [guests] the voters who are guests
 */

/**
 * @typedef {object} Message
 * @property {number} id the offset at which the message was created
 * @property {number} offset the offset of its latest change
 * @property {string | null} ref
 * @property {PersonName} author
 * @property {string} body
 * @property {string} html the server's safe rendering of `body`
 * @property {string} at ISO 8601, UTC
 * @property {string | null} [edited_at] ISO 8601, UTC
 * @property {boolean} [removed]
 * @property {Record<string, string[]>} [reactions] the handles that gave each emoji
 * @property {Record<string, string>} [emoji_pictures] the addresses of the pictures of emoji in `reactions`
 * @property {string[]} [guests] the handles in `reactions` that belong to guests
 * @property {true} [pinned] a moderator has pinned the message
 * @property {MessageFile[]} [files]
 * @property {number | null} [reply_to] the id of the quoted message
 * @property {{ root: number, offset: number, count: number, last_at: string | null, authors: string[] }} [thread] the thread
 *   that the message begins, or in which it is a reply: its first message, the offset of the last change that the other fields
 *   include, the number of replies, the time of the last one, and the last people who replied
 * @property {string[]} [mentions] the handles of the people that the body mentions
 * @property {Poll} [poll] the question of the message, with the votes so far
 * @property {"all" | "here"} [audience] the body calls all members, or the people who are present
 * @property {LinkPreview[]} [previews] what the linked pages say about themselves
 */
