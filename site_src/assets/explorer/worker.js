/** The worker: it alone holds the index, and answers the page's requests one after the other. */

import { Engine, FORMAT } from "./engine.js";
import { FORMATS } from "./exports.js";
import { KINDS } from "./fields.js";
import { Marker } from "./marks.js";
import { exportedRows, shownRow } from "./results.js";

/** @typedef {import("./results.js").Row} Row */

/** @typedef {{values: string[], labels: string[], totals: number[]}} FacetValues */

/**
 * @typedef {{type: "open", kind: string, first: string, more: string}
 *   | {type: "begin"}
 *   | {type: "search", id: number, query: import("./engine.js").Query, from: number, to: number}
 *   | {type: "rows", id: number, from: number, to: number}
 *   | {type: "export", format: string, columns: string[]}
 *   | {type: "names"}} Request
 */

/**
 * @typedef {object} ResultReply
 * @property {"result"} type
 * @property {number} id
 * @property {number} total
 * @property {number} hidden
 * @property {Record<string, number[]>} counts
 * @property {string[]} corrected
 * @property {number} from
 * @property {Row[]} rows
 */

/**
 * @typedef {{type: "ready", all: number, facets: Record<string, FacetValues>}
 *   | {type: "failed", reason: string}
 *   | {type: "more"}
 *   | ResultReply
 *   | {type: "rows", id: number, from: number, rows: Row[]}
 *   | {type: "file", format: string, mediaType: string, text: string}
 *   | {type: "names", text: string}} Reply
 */

/** @type {Engine} */
let engine;
/** @type {Marker} */
let marker;
/** @type {Uint32Array} */
let order = new Uint32Array();
/** @type {Promise<Reply>} */
let opened;
/** @type {Promise<void>} */
let secondFile = Promise.resolve();

/** @param {Reply} reply */
const reply = (reply) => self.postMessage(reply);

self.onmessage = (/** @type {MessageEvent<Request>} */ { data }) => {
  void handle(data);
};

/** @param {Request} request */
async function handle(request) {
  if (request.type === "open") {
    opened = open(request.kind, request.first, request.more);
  } else if (request.type === "begin") {
    reply(await opened);
  } else if (request.type === "search") {
    const { order: found, counts, hidden, patterns, corrected } = engine.search(request.query);
    order = found;
    marker = new Marker(patterns);
    const { id, from } = request;
    reply({ type: "result", id, total: order.length, hidden, counts, corrected, from, rows: rows(from, request.to) });
  } else if (request.type === "rows") {
    reply({ type: "rows", id: request.id, from: request.from, rows: rows(request.from, request.to) });
  } else if (request.type === "names") {
    reply({ type: "names", text: Array.from(order, (row) => engine.names[row]).join("\n") });
  } else {
    const rows = order;
    await secondFile;
    const { type: mediaType, make } = FORMATS[request.format];
    reply({
      type: "file",
      format: request.format,
      mediaType,
      text: make(...exportedRows(engine, rows, request.columns)),
    });
  }
}

/** @param {string} kind @param {string} first @param {string} more addresses @returns {Promise<Reply>} */
async function open(kind, first, more) {
  try {
    /** @type {import("./engine.js").FirstFile} */
    const content = await fetched(first);
    if (content.format !== FORMAT) throw new Error(`the index has the format ${content.format}, not ${FORMAT}`);
    engine = new Engine(content, KINDS[kind]);
  } catch (error) {
    return { type: "failed", reason: String(error) };
  }
  const { counts } = engine.search({ q: "", chosen: [], from: "", to: "", removed: true, sort: [] });
  /** @type {Record<string, FacetValues>} */
  const facets = {};
  for (const name of engine.facets) {
    const column = engine.sets.get(name);
    if (column) facets[name] = { values: column.values, labels: column.labels, totals: counts[name] };
  }
  secondFile = addMore(more);
  return { type: "ready", all: engine.names.length, facets };
}

/** Searching goes on without the longer texts when they cannot be had. @param {string} address */
async function addMore(address) {
  /** @type {import("./engine.js").SecondFile} */
  let content;
  try {
    content = await fetched(address);
  } catch {
    return;
  }
  if (content.format !== FORMAT) return;
  engine.add(content);
  reply({ type: "more" });
  // One after the other, so that a search need not wait for all of them.
  for (const prepare of engine.preparations) setTimeout(prepare);
}

/** @param {string} address */
async function fetched(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return response.json();
}

/** @param {number} from @param {number} to @returns {Row[]} */
function rows(from, to) {
  return Array.from(order.subarray(from, to), (row) => shownRow(engine, marker, row));
}
