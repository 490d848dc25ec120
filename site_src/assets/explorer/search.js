/** The worker that searches. `start.js` has started it, and has told it which index to read. */

const worker = /** @type {{explorerWorker: Worker}} */ (/** @type {unknown} */ (globalThis)).explorerWorker;

/** @param {import("./worker.js").Request} request */
export function send(request) {
  worker.postMessage(request);
}

/**
 * @param {(reply: import("./worker.js").Reply) => void} then hears every reply
 * @param {() => void} failed
 */
export function listen(then, failed) {
  worker.addEventListener("message", ({ data }) => then(data));
  worker.addEventListener("error", failed);
  send({ type: "begin" });
}
