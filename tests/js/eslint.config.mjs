import { readFileSync } from "node:fs";

import js from "@eslint/js";
import globals from "globals";

import noUntranslatedText from "./no-untranslated-text.mjs";

// ESLint keeps the results of unchanged files. It checks them again if the configuration changes, so our own rule is a
// part of the configuration.
const ownRule = readFileSync(new URL("./no-untranslated-text.mjs", import.meta.url), "utf8");

export default [
  { ignores: ["**/node_modules/**", "**/vendor/**"] },
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      curly: ["error", "multi-line"],
      eqeqeq: "error",
      "no-shadow": "error",
      "no-unused-vars": ["error", { args: "all" }],
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "prefer-template": "error",
    },
  },
  { files: ["**/static/**/*.js"], languageOptions: { globals: globals.browser } },
  { files: ["**/service_worker/*.js"], languageOptions: { sourceType: "script", globals: globals.serviceworker } },
  {
    files: ["**/static/**/*.js"],
    // The names of emoji are English, and a catalogue has English texts as its keys.
    ignores: ["**/emoji-data.js", "**/languages/**"],
    plugins: { texts: { rules: { "no-untranslated-text": noUntranslatedText } } },
    settings: { ownRule },
    rules: { "texts/no-untranslated-text": "error" },
  },
  { files: ["**/*.mjs"], languageOptions: { globals: globals.node } },
];
