// @ts-check
// The page's title: its name, and before it a number in parentheses. Must not know what the number counts.

let name = document.title;
let number = "";

function draw() {
  const title = number ? `(${number}) ${name}` : name;
  if (document.title !== title) document.title = title;
}

/** Returns whether the person looks at the page. */
export function isPageFocused() {
  return !document.hidden && document.hasFocus();
}

/**
 * Gives the page another name.
 * @param {string} words
 */
export function setPageName(words) {
  name = words;
  draw();
}

/**
 * Shows a number in the title.
 * @param {string} text "" for no number
 */
export function setTitleNumber(text) {
  number = text;
  draw();
}
