/** The worker: it alone holds the index, and answers the page's questions one after the other. */

import { Engine, FORMAT } from "./engine.js";
import { FORMATS } from "./exports.js";
import { KINDS, TEXT_TITLES } from "./fields.js";
import { Marker } from "./marks.js";

/**
 * @typedef {object} Row a row as the page shows it
 * @property {string} name
 * @property {string} path the page's path segment
 * @property {import("./marks.js").Ranges} nameMarks
 * @property {string} gist
 * @property {import("./marks.js").Ranges} gistMarks
 * @property {{title: string, text: string, marks: import("./marks.js").Ranges} | null} elsewhere
 *   where else a word stands that neither the name nor the gist has
 * @property {Record<string, string[]>} labels by field
 * @property {string} status as the definition says it
 */

/** @typedef {{values: string[], labels: string[], totals: number[]}} FacetValues */

/**
 * @typedef {{type: "open", kind: string, first: string, more: string}
 *   | {type: "begin"}
 *   | {type: "ask", id: number, question: import("./engine.js").Question, from: number, to: number}
 *   | {type: "rows", id: number, from: number, to: number}
 *   | {type: "export", format: string, columns: string[]}
 *   | {type: "names"}} Request
 */

/**
 * @typedef {object} Answered
 * @property {"answer"} type
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
 *   | Answered
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
let moreIsHere = Promise.resolve();

/** @param {Reply} reply */
const reply = (reply) => self.postMessage(reply);

self.onmessage = (/** @type {MessageEvent<Request>} */ { data }) => {
  void answer(data);
};

/** @param {Request} request */
async function answer(request) {
  if (request.type === "open") {
    opened = open(request.kind, request.first, request.more);
  } else if (request.type === "begin") {
    reply(await opened);
  } else if (request.type === "ask") {
    const { order: found, counts, hidden, patterns, corrected } = engine.ask(request.question);
    order = found;
    marker = new Marker(patterns);
    const { id, from } = request;
    reply({ type: "answer", id, total: order.length, hidden, counts, corrected, from, rows: rows(from, request.to) });
  } else if (request.type === "rows") {
    reply({ type: "rows", id: request.id, from: request.from, rows: rows(request.from, request.to) });
  } else if (request.type === "names") {
    reply({ type: "names", text: Array.from(order, (row) => engine.names[row]).join("\n") });
  } else {
    const wanted = order;
    await moreIsHere;
    const { type: mediaType, make } = FORMATS[request.format];
    reply({ type: "file", format: request.format, mediaType, text: make(...exported(wanted, request.columns)) });
  }
}

/** @param {string} kind @param {string} first @param {string} more addresses @returns {Promise<Reply>} */
async function open(kind, first, more) {
  try {
    /** @type {import("./engine.js").First} */
    const content = await fetched(first);
    if (content.format !== FORMAT) throw new Error(`the index has the format ${content.format}, not ${FORMAT}`);
    engine = new Engine(content, KINDS[kind]);
  } catch (error) {
    return { type: "failed", reason: String(error) };
  }
  const { counts } = engine.ask({ q: "", chosen: [], from: "", to: "", removed: true, sort: [] });
  /** @type {Record<string, FacetValues>} */
  const facets = {};
  for (const name of engine.facets) {
    const column = engine.sets.get(name);
    if (column) facets[name] = { values: column.values, labels: column.labels, totals: counts[name] };
  }
  moreIsHere = addMore(more);
  return { type: "ready", all: engine.names.length, facets };
}

/** Searching goes on without the longer texts when they cannot be had. @param {string} address */
async function addMore(address) {
  /** @type {import("./engine.js").More} */
  let content;
  try {
    content = await fetched(address);
  } catch {
    return;
  }
  if (content.format !== FORMAT) return;
  engine.add(content);
  reply({ type: "more" });
  // One after the other, so that a question need not wait for all of them.
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
  return Array.from(order.subarray(from, to), (row) => {
    const name = engine.names[row];
    const gist = engine.texts.get("gist")?.at(row) ?? "";
    const nameMarks = marker.inName(name);
    const gistMarks = marker.inText(gist);
    /** @type {Record<string, string[]>} */
    const labels = {};
    for (const [field, column] of engine.sets) labels[field] = column.labelsAt(row);
    return {
      name,
      path: engine.paths.get(String(row)) ?? name,
      nameMarks,
      gist,
      gistMarks,
      elsewhere: elsewhere(row, `${name}\n${gist}`, nameMarks.length + gistMarks.length > 0),
      labels,
      status: engine.sets.get("status")?.at(row)[0] ?? "",
    };
  });
}

/** @param {number} row @param {string} shown @param {boolean} marked */
function elsewhere(row, shown, marked) {
  for (const expression of marker.anywhere) {
    expression.lastIndex = 0;
    if (marked && (marker.anywhere.length === 1 || expression.test(shown))) continue;
    const found = snippetOf(row, ["description", ...engine.kind.searched], expression);
    if (found) return found;
  }
  for (const [field, expression] of marker.fields) {
    const found = engine.texts.has(field) && snippetOf(row, [field], expression);
    if (found && !(field === "description" && marked)) return found;
  }
  return null;
}

/** @param {number} row @param {string[]} fields @param {RegExp} expression */
function snippetOf(row, fields, expression) {
  for (const field of fields) {
    const text = engine.texts.get(field)?.at(row) ?? engine.sets.get(field)?.at(row).join(", ") ?? "";
    const found = text && marker.snippet(text, expression);
    if (found) return { title: TEXT_TITLES[field], ...found };
  }
  return undefined;
}

/**
 * @param {Uint32Array} wanted @param {string[]} columns names of fields
 * @returns {[string[], import("./exports.js").ExportedRow[]]}
 */
function exported(wanted, columns) {
  const fields = engine.kind.fields.filter((field) => columns.includes(field.name));
  const lists = new Set(["tier", "pi", "event", "identifier", "property"]);
  /** @type {(row: number, name: string) => string | string[]} */
  const value = (row, name) => {
    if (name === "name") return engine.names[row];
    if (name === "description") return engine.description(row);
    const values = engine.sets.get(name)?.at(row) ?? [];
    return lists.has(name) ? values : (values[0] ?? "");
  };
  return [
    fields.map((field) => field.exported),
    Array.from(wanted, (row) => Object.fromEntries(fields.map(({ name, exported }) => [exported, value(row, name)]))),
  ];
}
