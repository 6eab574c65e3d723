// @ts-check
// Draws a poll: the question, a button with a bar for each option, and what the poll allows.
// Must not vote: polls.js does. The buttons are marked with `data-vote`, so a click finds them.

import { make } from "../ui/dom.js";
import { countPeople, fullTime, listNames, personName, shortTime } from "../ui/format.js";
import { nameInWords } from "../ui/person-marks.js";
import { formatNumber, gettext, ngettext } from "../ui/translation.js";

/** @typedef {import("../connection/wire.js").Poll} Poll */

/**
 * Returns whether a poll is closed: a person has closed it, or its end has passed.
 * @param {Poll} poll
 */
export function isPollClosed({ closed, closes_at: end }) {
  return closed || (end !== undefined && new Date(end).getTime() <= Date.now());
}

/**
 * Returns the options that the reader has chosen, or null if the message does not say who voted.
 * @param {Poll} poll
 * @param {string} me the reader's handle
 */
export function ownVotesIn({ options }, me) {
  if (options.some(({ voters }) => voters === undefined)) return null;
  return options.flatMap(({ voters = [] }, position) => (voters.includes(me) ? [position] : []));
}

/**
 * Returns the names of the people who chose an option.
 * @param {Poll} poll
 * @param {number} position
 */
export function votersOf({ options, guests = [] }, position) {
  return (options[position].voters ?? []).map((handle) => personName({ handle: nameInWords(handle), guest: guests.includes(handle) }));
}

/**
 * @param {Poll} poll
 * @param {string} me the reader's handle
 */
export function makePoll(poll, me) {
  const isClosed = isPollClosed(poll);
  const own = ownVotesIn(poll, me) ?? [];
  const most = Math.max(...poll.options.map(({ votes }) => votes));
  const options = poll.options.map((option, position) => makeOption(poll, position, {
    isChosen: own.includes(position), isClosed, isFirst: isClosed && most > 0 && option.votes === most,
  }));
  return make(
    "div", { class: `poll${isClosed ? " closed" : ""}`, role: "group", "aria-label": gettext("Poll: %(question)s", { question: poll.question }) },
    make("p", { class: "poll-question", dir: "auto", text: poll.question }),
    ...options,
    make("p", { class: "poll-foot" }, ...makeFoot(poll, isClosed)),
  );
}

/**
 * @param {Poll} poll
 * @param {number} position
 * @param {{ isChosen: boolean, isClosed: boolean, isFirst: boolean }} state
 */
function makeOption(poll, position, { isChosen, isClosed, isFirst }) {
  const { text, votes } = poll.options[position];
  const names = votersOf(poll, position);
  const bar = make("span", { class: "poll-bar", "aria-hidden": "true" });
  // Each person may choose several options, so the whole bar stands for all people.
  bar.style.inlineSize = `${poll.people ? Math.round((100 * votes) / poll.people) : 0}%`;
  return make(
    "button",
    {
      type: "button", class: `poll-option${poll.multiple ? " several" : ""}${isFirst ? " first" : ""}`, "data-vote": position,
      "aria-pressed": String(isChosen), "aria-disabled": isClosed ? "true" : null, title: names.length ? listNames(names) : null,
    },
    bar, make("span", { class: "poll-mark", "aria-hidden": "true" }), make("bdi", { class: "poll-text", text }),
    make("span", { class: "number", "aria-hidden": "true", text: formatNumber(votes) }),
    make("span", { class: "unseen", text: ngettext("%(count)s vote", "%(count)s votes", votes) }),
  );
}

/**
 * @param {Poll} poll
 * @param {boolean} isClosed
 */
function makeFoot(poll, isClosed) {
  const hasNames = poll.people > 0 && poll.options.some(({ voters }) => voters?.length);
  return [
    make("span", { text: poll.people ? gettext("%(people)s voted", { people: countPeople(poll.people) }) : gettext("Nobody has voted yet") }),
    poll.multiple && !isClosed ? make("span", { text: gettext("Several choices") }) : null,
    poll.anonymous ? make("span", { text: gettext("Anonymous") }) : null,
    isClosed ? make("span", { text: gettext("Closed") }) : makeEnd(poll.closes_at),
    hasNames ? make("button", { type: "button", class: "link", "data-voters": true, text: gettext("Who voted") }) : null,
  ];
}

/** @param {string} [end] */
function makeEnd(end) {
  return end ? make("time", { datetime: end, title: fullTime(end), text: gettext("Until %(time)s", { time: shortTime(end) }) }) : null;
}
