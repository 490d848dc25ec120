/**
 * The payload reader. Reads a Service Ping payload that a person pastes, drops or opens; sends nothing anywhere: the
 * page's policy would not let it.
 */

// @ts-expect-error The build writes this module from the definitions.
import columns from "../../payload/definitions.js";
import { byId, make } from "../shared/elements.js";
import { counted, number } from "../shared/format.js";
import { CHANGES, growth } from "./comparison.js";
import { readDefinitions } from "./definitions.js";
import { detail } from "./detail.js";
import { examples } from "./example.js";
import { KINDS } from "./findings.js";
import { Grid } from "./grid.js";
import { listenForPayloads, readPayload } from "./intake.js";
import { applyFilter, buildTree, hasChildren, rowsOf } from "./tree.js";
import { cut, FINDINGS, mark, plain, shown, size } from "./wording.js";

/** @typedef {import("./findings.js").Entry} Entry */
/** @typedef {import("./intake.js").Payload} Payload */
/** @typedef {import("./tree.js").Node} Node */
/** @typedef {import("./tree.js").Tree} Tree */

/** A tree of at most so many nodes opens with all its branches open. */
const MAX_EXPANDED_NODES = 60;
const MAX_INDENT = 12;

const definitions = readDefinitions(columns);
const state = {
  payload: /** @type {Payload | null} */ (null),
  earlier: /** @type {Payload | null} */ (null),
  tree: /** @type {Tree | null} */ (null),
  filter: { only: /** @type {string | null} */ (null), text: "" },
  open: /** @type {Set<Node>} */ (new Set()),
  closed: /** @type {Set<Node>} */ (new Set()),
};

const grid = new Grid(byId("payload-grid"), byId("payload-body"), {
  fill,
  level: (node) => node.depth,
  open: (node) => (hasChildren(node) ? isOpen(node) : null),
  toggle,
  choose: (node) => {
    byId("payload-detail").hidden = false;
    byId("payload-detail").replaceChildren(...detail(node, definitions));
  },
});

listen();
byId("payload-idle").hidden = true;
byId("payload-reader").hidden = false;

// ---- Taking a payload in -------------------------------------------------------------------------------------------

function listen() {
  const search = /** @type {HTMLInputElement} */ (byId("payload-search"));
  listenForPayloads(take, showError);
  onClick("payload-example", showExample);
  onClick("payload-cancel", () => showIntake(false));
  onClick("payload-compare", () => showIntake(true));
  onClick("payload-swap", () => display(state.earlier, state.payload));
  onClick("payload-close", close);
  onClick("payload-expand", () => openAll(true));
  onClick("payload-collapse", () => openAll(false));
  search.addEventListener("input", () => {
    state.filter.text = search.value.trim().toLowerCase();
    refilter();
  });
}

/**
 * @param {string} name
 * @param {string} text
 */
function take(name, text) {
  const payload = readPayload(name, text, definitions, showError);
  if (!payload) return;
  if (comparing()) display(state.payload, payload);
  else display(payload, null);
}

function showExample() {
  const [now, before] = examples(definitions).map((value, position) =>
    readPayload(position ? "Example, a month earlier" : "Example", JSON.stringify(value), definitions, showError),
  );
  if (comparing()) display(state.payload, before);
  else display(now, null);
}

/** @param {string} message */
function showError(message) {
  byId("payload-error").textContent = message;
  byId("payload-error").hidden = false;
}

/** Whether what comes next is compared with what is there. */
function comparing() {
  return state.payload !== null && !byId("payload-intake").hidden;
}

/** @param {boolean} show */
function showIntake(show) {
  byId("payload-intake").hidden = !show;
  byId("payload-cancel").hidden = state.payload === null;
  byId("payload-intake-title").textContent = state.payload ? "Open the earlier payload" : "Open a payload";
  byId("payload-error").hidden = true;
  /** @type {HTMLTextAreaElement} */ (byId("payload-text")).value = "";
  if (show) byId("payload-open").focus();
}

function close() {
  display(null, null);
  showIntake(true);
}

// ---- Showing it ----------------------------------------------------------------------------------------------------

/**
 * @param {Payload | null} payload
 * @param {Payload | null} earlier
 */
function display(payload, earlier) {
  const wasShown = state.payload !== null;
  Object.assign(state, { payload, earlier, tree: null });
  byId("payload-result").hidden = payload === null;
  if (!payload) return;
  state.tree = buildTree(payload.entries, earlier?.entries ?? null);
  state.filter.only = null;
  if (!wasShown) clearSearch();
  state.open.clear();
  if (state.tree.nodes.length <= MAX_EXPANDED_NODES) openBranches(state.open);
  showIntake(false);
  showSources(payload, earlier);
  byId("payload-grid").classList.toggle("dd-grid--compared", earlier !== null);
  byId("payload-head").replaceChildren(...headings(earlier !== null));
  refilter();
  byId("payload-grid").focus({ preventScroll: true });
}

function clearSearch() {
  state.filter.text = "";
  /** @type {HTMLInputElement} */ (byId("payload-search")).value = "";
}

/**
 * @param {Payload} payload
 * @param {Payload | null} earlier
 */
function showSources(payload, earlier) {
  byId("payload-compare").textContent = earlier ? "Compare with another" : "Compare with an earlier one";
  byId("payload-swap").hidden = earlier === null;
  const described = /** @type {[string, Payload | null][]} */ ([
    [earlier ? "This payload" : "Payload", payload],
    ["Earlier payload", earlier],
  ]);
  const parts = described.flatMap(([title, source]) => {
    if (!source) return [];
    const recorded = source.recordedAt ? `, recorded ${source.recordedAt}` : "";
    return [make("dt", {}, title), make("dd", {}, `${cut(source.name, 80)} (${size(source.bytes)}${recorded})`)];
  });
  byId("payload-sources").replaceChildren(...parts);
}

function showChips() {
  const { tree } = state;
  if (!tree) return;
  const all = tree.nodes.filter((node) => !node.branch && (node.now !== undefined || node.before !== undefined)).length;
  const chips = /** @type {HTMLElement[]} */ ([chip(null, "All values", all)]);
  for (const kind of KINDS) {
    chips.push(chip(kind, FINDINGS[kind].many, tree.counts.get(kind) ?? 0));
    if (kind === "fallback-value") chips.push(...fallbackChips(tree));
  }
  if (tree.compared) {
    chips.push(make("span", { class: "dd-chips-break" }));
    for (const [change, label] of Object.entries(CHANGES))
      chips.push(chip(change, label, tree.counts.get(change) ?? 0));
  }
  byId("payload-chips").replaceChildren(...chips);
}

/** @param {Tree} tree */
function fallbackChips(tree) {
  const keys = [...tree.counts.keys()].filter((key) => key.startsWith("fallback-value:"));
  return keys
    .sort()
    .map((key) => chip(key, `Fallback ${key.split(":")[1].replace("-", "−")}`, tree.counts.get(key) ?? 0));
}

/**
 * @param {string | null} only
 * @param {string} label
 * @param {number} count
 */
function chip(only, label, count) {
  const choose = () => {
    state.filter.only = state.filter.only === only ? null : only;
    refilter();
    const again = byId("payload-chips").querySelector(`[data-only="${CSS.escape(only ?? "all")}"]`);
    /** @type {HTMLElement | null} */ (again)?.focus();
  };
  return make(
    "button",
    {
      type: "button",
      class: "dd-chip",
      "data-only": only ?? "all",
      "aria-pressed": String(state.filter.only === only),
      disabled: count === 0 && only !== null,
      click: choose,
    },
    `${label} `,
    make("span", { class: "dd-chip-count" }, number(count)),
  );
}

function refilter() {
  const { tree, filter } = state;
  if (!tree) return;
  state.closed.clear();
  const count = applyFilter(tree, filter);
  showChips();
  grid.rewind();
  redraw();
  byId("payload-count").textContent = count ? `${counted(count, "value")} shown` : "Nothing matches.";
  byId("payload-detail").replaceChildren();
  byId("payload-detail").hidden = true;
}

function redraw() {
  if (state.tree) grid.show(rowsOf(state.tree, isOpen));
}

function isFiltered() {
  return state.filter.only !== null || state.filter.text !== "";
}

/** @param {Node} node */
function isOpen(node) {
  // While a filter is on, every branch is open that was not closed by hand since.
  return isFiltered() && node.branch ? !state.closed.has(node) : state.open.has(node);
}

/** @param {Node} node */
function toggle(node) {
  const set = isFiltered() && node.branch ? state.closed : state.open;
  if (!set.delete(node)) set.add(node);
  redraw();
}

/** @param {boolean} open */
function openAll(open) {
  state.open.clear();
  state.closed.clear();
  if (open) openBranches(state.open);
  else openBranches(state.closed);
  grid.rewind();
  redraw();
}

/** @param {Set<Node>} set */
function openBranches(set) {
  for (const node of state.tree?.nodes ?? []) if (node.branch) set.add(node);
}

/** @param {boolean} compared */
function headings(compared) {
  const titles = compared
    ? ["Key", "Earlier", "This one", "Growth", "What it is", "Owner", "Status"]
    : ["Key", "Value", "What it is", "Owner", "Status"];
  const kinds = compared ? COMPARED_CELLS : CELLS;
  return titles.map((title, position) =>
    make("div", { class: `dd-row-${kinds[position]}`, role: "columnheader" }, title),
  );
}

const CELLS = ["key", "value", "about", "owner", "status"];
const COMPARED_CELLS = ["key", "before", "value", "growth", "about", "owner", "status"];

/**
 * @param {Node} node
 * @param {HTMLElement} row
 */
function fill(node, row) {
  const { tree } = state;
  const entry = node.entry;
  const definition = entry?.definition;
  row.append(keyCell(node));
  if (node.branch) {
    row.append(cell("value", counted(node.keys, "value")), cell("about", below(node)));
    if (node.keys === 0) row.classList.add("dd-row--absent");
    return;
  }
  if (tree?.compared) {
    row.append(cell("before", shown(node.before)));
    row.append(cell("value", shown(node.now)), growthCell(node));
  } else {
    row.append(cell("value", shown(node.now)));
  }
  if (node.now === undefined) row.classList.add("dd-row--absent");
  if (!entry) return;
  row.append(cell("about", definition?.description ?? ""), cell("owner", definition?.owner ?? ""));
  row.append(statusCell(node, entry));
}

/** @param {Node} node */
function keyCell(node) {
  const key = cell("key");
  key.style.setProperty("--level", String(Math.min(node.depth - 1, MAX_INDENT)));
  key.append(make("span", { class: hasChildren(node) ? "dd-toggle" : "dd-toggle dd-toggle--none" }));
  key.append(make("bdi", {}, plain(cut(node.name, 120)) || '""'));
  return key;
}

/** @param {Node} node */
function growthCell(node) {
  const grown = cell("growth", growth(node.change, node.now, node.before));
  grown.classList.add(`dd-row-growth--${node.change}`);
  return grown;
}

/**
 * @param {Node} node
 * @param {Entry} entry
 */
function statusCell(node, entry) {
  const status = cell("status");
  if (node.checked && entry.finding) {
    status.append(make("span", { class: `dd-mark dd-mark--${entry.finding.kind}` }, mark(entry)));
  } else if (entry.definition) {
    const { status: said } = entry.definition;
    const label = columns.status_names[said ?? ""] ?? said ?? "No status";
    status.append(make("span", { class: `dd-status dd-status--${said}` }, label));
  }
  return status;
}

/** @param {Node} node */
function below(node) {
  const found = node.found ?? new Map();
  return KINDS.filter((kind) => found.get(kind))
    .map((kind) => `${number(found.get(kind))} ${FINDINGS[kind].one.toLowerCase()}`)
    .join(", ");
}

/**
 * @param {string} kind
 * @param {string} [text]
 */
function cell(kind, text = "") {
  return make("div", { class: `dd-row-${kind}`, role: "gridcell" }, text);
}

/**
 * @param {string} id
 * @param {() => void} action
 */
function onClick(id, action) {
  byId(id).addEventListener("click", action);
}
