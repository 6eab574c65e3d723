// @ts-check
// The id of a failure in the server, which a person can quote to an operator.

import { gettext } from "./translation.js";

/**
 * Returns the sentence, followed by the id if there is one. With the id, an operator finds the failure in the log.
 * @param {string} sentence
 * @param {string} [id]
 */
export function addErrorId(sentence, id) {
  return id ? `${sentence} ${gettext("Error id: %(id)s", { id })}` : sentence;
}
