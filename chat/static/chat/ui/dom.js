// @ts-check
// Finds and makes elements. Must not know of rooms or messages.

/**
 * Returns the element with this id. Throws when there is none, or when it has another class.
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} [type] the element's class
 * @param {Document} [root]
 * @returns {T}
 */
export function byId(id, type, root = document) {
  const element = root.getElementById(id);
  if (!(element instanceof (type ?? HTMLElement))) throw new Error(`The page has no element "${id}" of the expected type.`);
  return /** @type {T} */ (element);
}

/**
 * Returns the first descendant that matches a selector. Throws when there is none, or when it has another class.
 * @template {HTMLElement} T
 * @param {ParentNode} parent
 * @param {string} selector
 * @param {new () => T} [type] the element's class
 * @returns {T}
 */
export function child(parent, selector, type) {
  const element = parent.querySelector(selector);
  if (!(element instanceof (type ?? HTMLElement))) throw new Error(`There is no element "${selector}" of the expected type.`);
  return /** @type {T} */ (element);
}

/**
 * Returns an event's target, or its closest ancestor, that matches a selector. Returns null when none matches.
 * @param {Event} event
 * @param {string} selector
 * @returns {HTMLElement | null}
 */
export function closestTo({ target }, selector) {
  return target instanceof Element ? target.closest(selector) : null;
}

/** @typedef {string | number | boolean | null | undefined | ((event: any) => void)} Property */
/** @typedef {string | Node | null | undefined | false} Child */

/**
 * Makes an element: make("p", {class: "note", text: "Hello", "data-id": 3, onclick: act}, child, ...).
 * `text` is never read as HTML. Properties and children that are null, undefined or false are left out.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, Property>} [properties]
 * @param {Child[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice("on".length), value);
    else if (name === "text") element.textContent = String(value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(.../** @type {(string | Node)[]} */ (children.filter(Boolean)));
  return element;
}

/**
 * Returns the text nodes within an element, in their order. The list stays the same while the caller changes the nodes.
 * @param {Element} root
 * @param {string} skipped a selector; texts within its elements are left out
 */
export function listTexts(root, skipped) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  /** @type {Text[]} */
  const texts = [];
  while (walker.nextNode()) texts.push(/** @type {Text} */ (walker.currentNode));
  return texts.filter((text) => !text.parentElement?.closest(skipped));
}
