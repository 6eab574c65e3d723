// An ESLint rule for the browser's code: reports a text for people that is not an argument of gettext, ngettext or pgettext.
//
// The rule does not know where a text ends up. It reports three kinds of literals:
// - every literal with a word, where the page shows it: as a title, a label, the text of an element, a notice
// - a literal that begins like a sentence or a name: "Close the board", "Reply"
// - a returned literal of several words

const TRANSLATE = new Set(["gettext", "ngettext", "pgettext"]);
// The objects that set properties and attributes of elements, and the assigned properties of elements.
const SHOWN = new Set([
  "alt", "aria-description", "aria-label", "aria-placeholder", "aria-roledescription", "aria-valuetext", "ariaLabel", "help", "innerText",
  "label", "placeholder", "text", "textContent", "title",
]);
// These functions show one of their arguments on the page. The value is the index of the argument.
const SHOWING = new Map([["notify", 0], ["announce", 0], ["say", 0], ["setText", 1]]);
// Developers read the texts that these functions get.
const FOR_DEVELOPERS = new Set(["Error", "TypeError", "RangeError", "console"]);
// These functions compare their arguments with other values, and show nothing.
const COMPARING = new Set(["startsWith", "endsWith", "includes"]);
// The names of keys do not change with the language.
const KEYS = /^(?:Arrow(?:Up|Down|Left|Right)|Page(?:Up|Down)?|Alt|Backspace|Control|Ctrl|Delete|End|Enter|Esc|Escape|Home|Shift|Tab)$/;
const WORD = /\p{L}{2}/u;
const SEVERAL_WORDS = /\p{L}{2,}[,:;]? +(?:\p{L}|\{\})/u;
const NAME = /^\p{Lu}\p{Ll}+[….!?]*$/u;
const SENTENCE = /^\P{L}*\p{Lu}\p{Ll}*[,:;]? +(?:\p{L}|\{\})/u;

/** Returns the text of a literal, with {} in the place of each value; null for a literal that is no text. */
function textOf(node) {
  if (node.type === "TemplateLiteral") return node.quasis.map(({ value }) => value.cooked).join("{}");
  return typeof node.value === "string" ? node.value : null;
}

/** Returns the name of the called function: the last part of `a.b.#name(...)`. */
function calledName({ callee }) {
  const { name } = callee.type === "MemberExpression" ? callee.property : callee;
  return name ?? "";
}

function isForDevelopers({ callee }) {
  const { name } = callee.type === "MemberExpression" ? callee.object : callee;
  return FOR_DEVELOPERS.has(name);
}

/** Returns the largest expression whose value a literal may become: `isOpen ? "Close" : "Open"`. */
function valueAround(node) {
  let value = node;
  for (let { parent } = value; parent; { parent } = value) {
    const isPart = (parent.type === "ConditionalExpression" && parent.test !== value) || parent.type === "LogicalExpression"
      || parent.type === "TemplateLiteral" || (parent.type === "BinaryExpression" && parent.operator === "+");
    if (!isPart) break;
    value = parent;
  }
  return value;
}

function nameOfKey({ computed, key }) {
  return computed ? null : key.name ?? key.value;
}

/** Returns whether the page shows the value at its place. */
function isShown(value) {
  const { parent } = value;
  if (parent.type === "Property") return parent.value === value && SHOWN.has(nameOfKey(parent));
  if (parent.type === "AssignmentExpression") {
    return parent.right === value && parent.left.type === "MemberExpression" && SHOWN.has(parent.left.property.name);
  }
  if (parent.type !== "CallExpression") return false;
  const [first, second] = parent.arguments;
  if (calledName(parent) === "setAttribute") return second === value && SHOWN.has(first.value);
  return parent.arguments[SHOWING.get(calledName(parent)) ?? -1] === value;
}

/** Returns whether a literal is code, or is translated, or is read by developers. */
function isExempt(value) {
  const { parent } = value;
  if (["CallExpression", "NewExpression"].includes(parent.type)) {
    const name = calledName(parent);
    return TRANSLATE.has(name) || COMPARING.has(name) || isForDevelopers(parent);
  }
  if (["ImportDeclaration", "ImportExpression", "ExportNamedDeclaration", "ExpressionStatement", "SwitchCase"].includes(parent.type)) return true;
  if (parent.type === "Property") return parent.key === value;
  if (parent.type === "BinaryExpression") return parent.operator !== "+";
  return parent.type === "TaggedTemplateExpression" || parent.type === "MemberExpression";
}

function isReturned({ parent }) {
  return parent.type === "ReturnStatement" || parent.type === "ArrowFunctionExpression";
}

function isText(text, value) {
  if (isShown(value)) return WORD.test(text);
  if (KEYS.test(text)) return false;
  return SENTENCE.test(text) || NAME.test(text) || (isReturned(value) && SEVERAL_WORDS.test(text));
}

function check(context, node) {
  const text = textOf(node);
  const value = valueAround(node);
  if (text === null || isExempt(node) || isExempt(value)) return;
  if (isText(text, value)) context.report({ node, messageId: "untranslated", data: { text } });
}

export default {
  meta: {
    type: "problem",
    docs: { description: "require a translation for every text that people see or hear" },
    messages: { untranslated: 'Translate "{{text}}": put it into gettext, ngettext or pgettext.' },
    schema: [],
  },
  create: (context) => ({
    Literal: (node) => check(context, node),
    TemplateLiteral: (node) => check(context, node),
  }),
};
