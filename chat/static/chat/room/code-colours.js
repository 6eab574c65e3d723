// @ts-check
// Colours code with highlight.js. The library and the language of a block load when they are first needed.
// Only code-blocks.js may load this module, with `import()`. This module sets the output of highlight.js as innerHTML:
// highlight.js escapes the text, and adds only <span> elements with a class.

import { loadLateStyles } from "../ui/late-styles.js";

const FOLDER = "../vendor/highlight";
// Longer code would delay the page.
const LONGEST = 20_000;
/**
 * The file of each language that a fence may name. A language without a file has no colours.
 * @type {Record<string, string>}
 */
const FILES = {
  bash: "bash", sh: "bash", zsh: "bash", shell: "shell", console: "shell", c: "c", cpp: "cpp", "c++": "cpp", cs: "csharp",
  "c#": "csharp", csharp: "csharp", css: "css", diff: "diff", patch: "diff", docker: "dockerfile", dockerfile: "dockerfile",
  go: "go", golang: "go", html: "xml", xml: "xml", vue: "xml", ini: "ini", toml: "ini", conf: "ini", properties: "ini",
  java: "java", js: "javascript", jsx: "javascript", javascript: "javascript", json: "json", json5: "json", jsonc: "json",
  kotlin: "kotlin", kt: "kotlin", lua: "lua", make: "makefile", makefile: "makefile", markdown: "markdown", md: "markdown",
  php: "php", py: "python", python: "python", python3: "python", pycon: "python", rb: "ruby", ruby: "ruby", rs: "rust",
  rust: "rust", scala: "scala", sql: "sql", postgresql: "sql", swift: "swift", ts: "typescript", tsx: "typescript",
  typescript: "typescript", yaml: "yaml", yml: "yaml",
};
/**
 * The languages that another language contains.
 * @type {Record<string, string[]>}
 */
const INNER = { xml: ["css", "javascript"], markdown: ["xml"], php: ["xml"], shell: ["bash"], typescript: ["xml"], javascript: ["xml"] };

/** @type {Promise<any> | null} */
let core = null;
/** @type {Map<string, Promise<void>>} */
const languages = new Map();

// If the name of the file were a literal, the type checker would also check the library.
/** @param {string} file */
const load = async (file) => (await import(`${FOLDER}/${file}.min.js`)).default;

/** @param {string} file */
async function register(file) {
  core ??= load("core");
  const [library, grammar] = await Promise.all([core, load(`languages/${file}`)]);
  library.registerLanguage(file, grammar);
}

/** @param {string} file */
function registerOnce(file) {
  const known = languages.get(file);
  if (known) return known;
  const registering = register(file);
  languages.set(file, registering);
  return registering;
}

/**
 * Colours a block of code, if its language is known.
 * @param {HTMLElement} code
 * @param {string} language as the fence names it
 */
export async function colourCode(code, language) {
  const text = code.textContent ?? "";
  const file = Object.hasOwn(FILES, language) ? FILES[language] : undefined;
  if (!file || text.length > LONGEST) return;
  try {
    await Promise.all([loadLateStyles(), registerOnce(file), ...(INNER[file] ?? []).map(registerOnce)]);
    code.innerHTML = (await core).highlight(text, { language: file, ignoreIllegals: true }).value;
  } catch {
    // The library could not be loaded. The code stays without colours, and the next block tries again.
    core = null;
    languages.clear();
  }
}
