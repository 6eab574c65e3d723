import js from "@eslint/js";
import globals from "globals";

import noUntranslatedText from "./no-untranslated-text.mjs";

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
  {
    files: ["**/static/**/*.js"],
    // The names of emoji are English, and a catalogue has English texts as its keys.
    ignores: ["**/emoji-data.js", "**/languages/**"],
    plugins: { texts: { rules: { "no-untranslated-text": noUntranslatedText } } },
    rules: { "texts/no-untranslated-text": "error" },
  },
  { files: ["**/*.mjs"], languageOptions: { globals: globals.node } },
];
