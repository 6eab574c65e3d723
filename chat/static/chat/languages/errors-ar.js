// @ts-check
// The translations of the browser's texts. bin/make_languages.py writes this file: do not edit it.

/** @type {import("../ui/translation.js").Catalogue} */
export default {};
