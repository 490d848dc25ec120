/**
 * The payload reader. Reads a Service Ping payload that a person pastes, drops or opens; sends nothing anywhere: the
 * page's policy would not let it.
 */

// @ts-expect-error The build writes this module from the definitions.
import columns from "../payload/definitions.js";
import { readDefinitions } from "./payload_definitions.js";
import { detail } from "./payload_detail.js";
import { examples } from "./payload_example.js";
import { CHANGED } from "./payload_growth.js";
import { judge, KINDS } from "./payload_judgement.js";
import { Rows } from "./payload_rows.js";
import { isObject } from "./payload_schema.js";
import { applyFilter, buildTree, hasChildren, rowsOf } from "./payload_tree.js";
import { CHANGES, counted, cut, FINDINGS, growth, mark, number, plain, shown, size } from "./payload_wording.js";

/** @typedef {import("./payload_judgement.js").Entry} Entry */
/** @typedef {import("./payload_tree.js").Node} Node */
/** @typedef {import("./payload_tree.js").Tree} Tree */

/** @typedef {{name: string, bytes: number, recordedAt: string, entries: Entry[]}} Payload */

const LARGEST = 200_000_000;
const FEW_ROWS = 60;
const DEEPEST_INDENT = 12;

const definitions = readDefinitions(columns);
const state = {
  payload: /** @type {Payload | null} */ (null),
  earlier: /** @type {Payload | null} */ (null),
  tree: /** @type {Tree | null} */ (null),
  filter: { only: /** @type {string | null} */ (null), text: "" },
  open: /** @type {Set<Node>} */ (new Set()),
  closed: /** @type {Set<Node>} */ (new Set()),
};

const rows = new Rows(element("payload-grid"), element("payload-body"), {
  fill,
  level: (node) => node.depth,
  open: (node) => (hasChildren(node) ? isOpen(node) : null),
  toggle,
  choose: (node) => {
    element("payload-detail").hidden = false;
    element("payload-detail").replaceChildren(...detail(node, definitions));
  },
});

listen();
element("payload-idle").hidden = true;
element("payload-reader").hidden = false;

// ---- Taking a payload in -------------------------------------------------------------------------------------------

function listen() {
  const file = /** @type {HTMLInputElement} */ (element("payload-file"));
  const text = /** @type {HTMLTextAreaElement} */ (element("payload-text"));
  const search = /** @type {HTMLInputElement} */ (element("payload-search"));
  on("payload-open", () => file.click());
  on("payload-read", () => take("Pasted text", text.value));
  on("payload-example", showExample);
  on("payload-cancel", () => showIntake(false));
  on("payload-compare", () => showIntake(true));
  on("payload-swap", () => display(state.earlier, state.payload));
  on("payload-close", close);
  on("payload-expand", () => openAll(true));
  on("payload-collapse", () => openAll(false));
  file.addEventListener("change", () => {
    if (file.files?.length) takeFile(file.files[0]);
    file.value = "";
  });
  search.addEventListener("input", () => {
    state.filter.text = search.value.trim().toLowerCase();
    refilter();
  });
  document.addEventListener("paste", paste);
  document.addEventListener("dragover", drag);
  document.addEventListener("dragleave", () => element("payload-intake").classList.remove("dd-intake--over"));
  document.addEventListener("drop", drop);
}

/** @param {DragEvent} event */
function drag(event) {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  element("payload-intake").classList.add("dd-intake--over");
}

/** @param {DragEvent} event */
function drop(event) {
  const file = event.dataTransfer?.files[0];
  if (!file) return;
  event.preventDefault();
  element("payload-intake").classList.remove("dd-intake--over");
  takeFile(file);
}

/**
 * Takes a whole payload without putting megabytes into a text field first. What is pasted into other text stays there.
 *
 * @param {ClipboardEvent} event
 */
function paste(event) {
  const target = /** @type {HTMLInputElement} */ (event.target);
  if ("value" in target && (target.id !== "payload-text" || target.value.trim() !== "")) return;
  const file = event.clipboardData?.files[0];
  const text = event.clipboardData?.getData("text/plain") ?? "";
  if (!file && !text.trim().startsWith("{")) return;
  event.preventDefault();
  if (file) takeFile(file);
  else take("Pasted text", text);
}

/** @param {File} file */
async function takeFile(file) {
  if (file.size > LARGEST) {
    trouble(`${file.name} has ${size(file.size)}; this page reads up to ${size(LARGEST)}.`);
    return;
  }
  try {
    take(file.name, await file.text());
  } catch {
    trouble(`${cut(file.name, 80)} cannot be read; check that it is still there, and choose it again.`);
  }
}

/**
 * @param {string} name
 * @param {string} text
 */
function take(name, text) {
  const payload = read(name, text);
  if (!payload) return;
  if (comparing()) display(state.payload, payload);
  else display(payload, null);
}

/**
 * @param {string} name
 * @param {string} text
 * @returns {Payload | null}
 */
function read(name, text) {
  if (text.trim() === "") {
    trouble("There is nothing to read yet: paste a payload, or choose a file.");
    return null;
  }
  let value;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    const reason = error instanceof Error ? cut(error.message, 200) : "unknown";
    trouble(`This is not JSON, or only a part of it: ${reason}. Give the payload as it was exported.`);
    return null;
  }
  if (!isObject(value)) {
    trouble("A payload is a JSON object, with braces around its keys; this is another kind of value.");
    return null;
  }
  const recordedAt = Object.hasOwn(value, "recorded_at") ? /** @type {any} */ (value).recorded_at : "";
  const said = typeof recordedAt === "string" ? cut(recordedAt, 40) : "";
  return { name, bytes: text.length, recordedAt: said, entries: judge(value, definitions) };
}

function showExample() {
  const [now, before] = examples(definitions).map((value, position) =>
    read(position ? "Example, a month earlier" : "Example", JSON.stringify(value)),
  );
  if (comparing()) display(state.payload, before);
  else display(now, null);
}

/** @param {string} message */
function trouble(message) {
  element("payload-trouble").textContent = message;
  element("payload-trouble").hidden = false;
}

/** Whether what comes next is compared with what is there. */
function comparing() {
  return state.payload !== null && !element("payload-intake").hidden;
}

/** @param {boolean} show */
function showIntake(show) {
  element("payload-intake").hidden = !show;
  element("payload-cancel").hidden = state.payload === null;
  element("payload-intake-title").textContent = state.payload ? "Open the earlier payload" : "Open a payload";
  element("payload-trouble").hidden = true;
  /** @type {HTMLTextAreaElement} */ (element("payload-text")).value = "";
  if (show) element("payload-open").focus();
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
  element("payload-result").hidden = payload === null;
  if (!payload) return;
  state.tree = buildTree(payload.entries, earlier?.entries ?? null);
  state.filter.only = null;
  if (!wasShown) clearSearch();
  state.open.clear();
  if (state.tree.nodes.length <= FEW_ROWS) openBranches(state.open);
  showIntake(false);
  showSources(payload, earlier);
  element("payload-grid").classList.toggle("dd-grid--compared", earlier !== null);
  element("payload-head").replaceChildren(...headings(earlier !== null));
  refilter();
  element("payload-grid").focus({ preventScroll: true });
}

function clearSearch() {
  state.filter.text = "";
  /** @type {HTMLInputElement} */ (element("payload-search")).value = "";
}

/**
 * @param {Payload} payload
 * @param {Payload | null} earlier
 */
function showSources(payload, earlier) {
  element("payload-compare").textContent = earlier ? "Compare with another" : "Compare with an earlier one";
  element("payload-swap").hidden = earlier === null;
  const described = /** @type {[string, Payload | null][]} */ ([
    [earlier ? "This payload" : "Payload", payload],
    ["Earlier payload", earlier],
  ]);
  const parts = described.flatMap(([title, source]) => {
    if (!source) return [];
    const recorded = source.recordedAt ? `, recorded ${source.recordedAt}` : "";
    return [make("dt", "", title), make("dd", "", `${cut(source.name, 80)} (${size(source.bytes)}${recorded})`)];
  });
  element("payload-sources").replaceChildren(...parts);
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
    chips.push(make("span", "dd-chips-break", ""));
    for (const change of CHANGED) chips.push(chip(change, CHANGES[change], tree.counts.get(change) ?? 0));
  }
  element("payload-chips").replaceChildren(...chips);
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
  const button = document.createElement("button");
  button.type = "button";
  button.className = "dd-chip";
  button.textContent = `${label} `;
  button.dataset.only = only ?? "all";
  button.append(make("span", "dd-chip-count", number(count)));
  button.setAttribute("aria-pressed", String(state.filter.only === only));
  button.disabled = count === 0 && only !== null;
  button.addEventListener("click", () => {
    state.filter.only = state.filter.only === only ? null : only;
    refilter();
    const again = element("payload-chips").querySelector(`[data-only="${CSS.escape(only ?? "all")}"]`);
    /** @type {HTMLElement | null} */ (again)?.focus();
  });
  return button;
}

function refilter() {
  const { tree, filter } = state;
  if (!tree) return;
  state.closed.clear();
  const count = applyFilter(tree, filter);
  showChips();
  rows.rewind();
  redraw();
  element("payload-count").textContent = count ? `${counted(count, "value")} shown` : "Nothing matches.";
  element("payload-detail").replaceChildren();
  element("payload-detail").hidden = true;
}

function redraw() {
  if (state.tree) rows.show(rowsOf(state.tree, isOpen));
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
  rows.rewind();
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
  return titles.map((title, position) => {
    const cell = make("div", `dd-row-${kinds[position]}`, title);
    cell.setAttribute("role", "columnheader");
    return cell;
  });
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
  key.style.setProperty("--level", String(Math.min(node.depth - 1, DEEPEST_INDENT)));
  key.append(make("span", hasChildren(node) ? "dd-twist" : "dd-twist dd-twist--none", ""));
  key.append(make("bdi", "", plain(cut(node.name, 120)) || '""'));
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
  if (node.judged && entry.finding) {
    status.append(make("span", `dd-mark dd-mark--${entry.finding.kind}`, mark(entry)));
  } else if (entry.definition) {
    const { status: said } = entry.definition;
    status.append(
      make("span", `dd-status dd-status--${said}`, columns.status_names[said ?? ""] ?? said ?? "No status"),
    );
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
  const made = make("div", `dd-row-${kind}`, text);
  made.setAttribute("role", "gridcell");
  return made;
}

/**
 * @param {string} tag
 * @param {string} className
 * @param {string} text
 */
function make(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}

/**
 * @param {string} id
 * @param {() => void} action
 */
function on(id, action) {
  element(id).addEventListener("click", action);
}

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
function element(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no #${id}`);
  return found;
}
