// @ts-check
// Sends one file to the server, and reports its progress. `fetch` cannot report how much of a body has been sent.
// Must not decide when to send, nor try again: uploads.js does.

import { getCsrfToken, makeRefusal, makeUnreachable } from "./api.js";

/** @typedef {import("./wire.js").UploadedFile} UploadedFile */

/**
 * Sends a file. Throws an ApiError for a refusal, and for a server that cannot be reached (status 0).
 * @param {string} path
 * @param {File} file
 * @param {object} options
 * @param {(share: number) => void} options.progress receives how much of the file has been sent, from 0 to 1
 * @param {AbortSignal} options.signal cancels the request; then the promise stays pending
 * @returns {Promise<UploadedFile>}
 */
export async function sendFile(path, file, { progress, signal }) {
  const token = await getCsrfToken().catch(() => {
    throw makeUnreachable();
  });
  return new Promise((resolve, reject) => {
    if (signal.aborted) return;
    const request = new XMLHttpRequest();
    const form = new FormData();
    form.append("file", file);
    request.open("POST", path);
    request.responseType = "json";
    request.setRequestHeader("X-CSRFToken", token);
    request.upload.addEventListener("progress", ({ loaded, total }) => progress(total ? loaded / total : 0));
    request.addEventListener("load", () => {
      if (request.status === 201 && request.response) resolve(request.response);
      else reject(request.response?.code ? makeRefusal(request.status, request.response) : makeUnreachable());
    });
    for (const type of ["error", "timeout"]) request.addEventListener(type, () => reject(makeUnreachable()));
    signal.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}
