// Small help for building pages: elements, times, and "someone is back".
// Must not know of rooms or messages.

/** make("p", {class: "note", text: "Hello", "data-id": 3}, child, ...): text is never read as HTML. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") element.textContent = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter(Boolean));
  return element;
}

export function find(testId, root = document) {
  return root.querySelector(`[data-testid="${testId}"]`);
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const dayAndYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });

export function clockTime(at) {
  return clock.format(new Date(at));
}

export function fullTime(at) {
  return full.format(new Date(at));
}

/** A day as one number, in the reader's own time zone. */
export function dayOf(at) {
  return new Date(at).setHours(0, 0, 0, 0);
}

const NEAR_DAYS = { 0: "today", 1: "yesterday", [-1]: "tomorrow" };

// As it stands within a sentence.
function dayWords(at) {
  const daysAgo = Math.round((dayOf(Date.now()) - dayOf(at)) / 86_400_000);
  return NEAR_DAYS[daysAgo] ?? (Math.abs(daysAgo) > 180 ? dayAndYear : day).format(new Date(at));
}

export function dayName(at) {
  const words = dayWords(at);
  return words[0].toUpperCase() + words.slice(1);
}

/** A moment in few words, "tomorrow, 09:00". */
export function shortTime(at) {
  return `${dayWords(at)}, ${clockTime(at)}`;
}

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });
const UNITS = [["day", 86_400], ["hour", 3_600], ["minute", 60]];

export function timeAgo(at) {
  const seconds = (Date.now() - new Date(at)) / 1000;
  const unit = UNITS.find(([, size]) => seconds >= size);
  return unit ? relative.format(-Math.floor(seconds / unit[1]), unit[0]) : "just now";
}

/** Calls back when the network returns or the page is looked at again, also out of the browser's back/forward cache. */
export function whenBack(callback) {
  window.addEventListener("online", callback);
  window.addEventListener("pageshow", (event) => event.persisted && callback());
  document.addEventListener("visibilitychange", () => document.hidden || callback());
}

/** A colour that stays with a handle, as a hue. */
function hueOf(handle) {
  let hash = 7;
  for (const character of handle) hash = (hash * 31 + character.codePointAt(0)) % 3600;
  return hash % 360;
}

export function avatar(handle) {
  const initial = [...handle.trim()][0] ?? "?";
  const element = make("span", { class: "avatar", "aria-hidden": "true", text: initial.toUpperCase() });
  element.style.setProperty("--hue", hueOf(handle));
  return element;
}

export function icon(name) {
  const namespace = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(namespace, "svg");
  const use = document.createElementNS(namespace, "use");
  use.setAttribute("href", `#icon-${name}`);
  picture.setAttribute("class", "icon");
  picture.setAttribute("aria-hidden", "true");
  picture.append(use);
  return picture;
}

export function plural(count, one, many = `${one}s`) {
  return `${count.toLocaleString()} ${count === 1 ? one : many}`;
}
