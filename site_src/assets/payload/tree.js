/** One payload, or two side by side, as a tree: its branches are known at once, what is inside values when opened. */

import { changeOf } from "./comparison.js";
import { KINDS } from "./findings.js";
import { isObject } from "./json_values.js";

/** @typedef {import("./findings.js").Entry} Entry */
/** @typedef {import("./findings.js").Kind} Kind */
/** @typedef {import("./comparison.js").Change} Change */

/**
 * A branch (an object that holds metrics; no entry), a leaf (an entry of one of the payloads), or a part of a leaf's
 * value (no entry, and its parent is not a branch).
 *
 * @typedef {object} Node
 * @property {string} name
 * @property {number} depth 1 at the top level
 * @property {Node | null} parent
 * @property {boolean} branch
 * @property {Entry | null} entry of this payload, or of the earlier one where only that has it
 * @property {unknown} now undefined where this payload has no such value
 * @property {unknown} before undefined where the earlier one has none
 * @property {Change | null} change null where nothing is compared
 * @property {boolean} checked whether the entry's finding is about this payload
 * @property {Node[] | null} children null until asked for
 * @property {number} keys of a branch: the values below it
 * @property {Map<Kind, number> | null} found of a branch: how many findings are below it
 * @property {boolean} matches whether the filter shows it
 */

/**
 * @typedef {object} Tree
 * @property {Node} root
 * @property {Node[]} nodes all branches and leaves, each after its parent
 * @property {boolean} compared
 * @property {Map<string, number>} counts kind of finding, fallback value (`fallback-value:-1`) or change -> how many
 */

/**
 * @typedef {object} Filter
 * @property {string | null} only a key of the tree's counts
 * @property {string} text in lower case; empty for all
 */

const MAX_CHILDREN = 50_000;

/**
 * @param {Entry[]} entries
 * @param {Entry[] | null} earlier
 * @returns {Tree}
 */
export function buildTree(entries, earlier) {
  const root = branch("", null);
  const nodes = /** @type {Node[]} */ ([]);
  /** @type {Map<Node, Map<string, Node>>} */
  const branches = new Map();
  const before = earlier ? new Map(earlier.map((entry) => [identity(entry), entry])) : null;
  let above = /** @type {readonly string[]} */ ([]);
  let parent = root;
  const add = (/** @type {Entry} */ entry, /** @type {unknown} */ now, /** @type {unknown} */ then) => {
    // Entries of one object share this list, and follow one another.
    if (entry.above !== above) parent = branchAt(entry.above, root, branches, nodes);
    above = entry.above;
    const leaf = part(entry.name, parent, now, then, before !== null);
    leaf.entry = entry;
    addChild(parent, leaf);
    nodes.push(leaf);
    return leaf;
  };
  for (const entry of entries) {
    const same = before?.get(identity(entry));
    add(entry, entry.value, same?.value).checked = true;
    if (same) before?.delete(identity(entry));
  }
  for (const entry of before?.values() ?? []) {
    if (entry.value !== undefined) add(entry, undefined, entry.value);
  }
  return { root, nodes, compared: before !== null, counts: countAll(nodes) };
}

/** @param {Entry} entry */
function identity(entry) {
  // A name can hold a dot, so the key path does not do.
  return [...entry.above, entry.name].join("\u0000");
}

/**
 * @param {readonly string[]} names
 * @param {Node} root
 * @param {Map<Node, Map<string, Node>>} branches
 * @param {Node[]} nodes
 */
function branchAt(names, root, branches, nodes) {
  let parent = root;
  for (const name of names) {
    const named = branches.get(parent) ?? new Map();
    branches.set(parent, named);
    let found = named.get(name);
    if (!found) {
      found = branch(name, parent);
      named.set(name, found);
      addChild(parent, found);
      nodes.push(found);
    }
    parent = found;
  }
  return parent;
}

/**
 * @param {Node} parent
 * @param {Node} child
 */
function addChild(parent, child) {
  parent.children ??= [];
  parent.children.push(child);
}

/**
 * @param {string} name
 * @param {Node | null} parent
 * @returns {Node}
 */
function branch(name, parent) {
  const made = node(name, parent, undefined, undefined, null);
  made.branch = true;
  made.children = [];
  made.found = new Map();
  return made;
}

/**
 * @param {string} name
 * @param {Node} parent
 * @param {unknown} now
 * @param {unknown} before
 * @param {boolean} compared
 * @returns {Node}
 */
function part(name, parent, now, before, compared) {
  return node(name, parent, now, before, compared ? changeOf(now, before) : null);
}

/**
 * One literal for all nodes: a payload has a hundred thousand of them.
 *
 * @param {string} name
 * @param {Node | null} parent
 * @param {unknown} now
 * @param {unknown} before
 * @param {Change | null} change
 * @returns {Node}
 */
function node(name, parent, now, before, change) {
  return {
    name,
    depth: parent ? parent.depth + 1 : 0,
    parent,
    branch: false,
    entry: null,
    now,
    before,
    change,
    checked: false,
    children: null,
    keys: 0,
    found: null,
    matches: true,
  };
}

/** @param {Node[]} nodes */
function countAll(nodes) {
  const counts = /** @type {Map<string, number>} */ (new Map());
  const count = (/** @type {string} */ key) => counts.set(key, (counts.get(key) ?? 0) + 1);
  for (const node of nodes) {
    if (node.branch) continue;
    if (node.change !== null) count(node.change);
    if (node.now !== undefined) addToBranches(node, (above) => (above.keys += 1));
    const finding = node.checked ? node.entry?.finding : null;
    if (!finding) continue;
    count(finding.kind);
    if (finding.kind === "fallback-value") count(`${finding.kind}:${finding.value}`);
    addToBranches(node, (above) => above.found?.set(finding.kind, (above.found.get(finding.kind) ?? 0) + 1));
  }
  return counts;
}

/**
 * @param {Node} node
 * @param {(above: Node) => void} add
 */
function addToBranches(node, add) {
  for (let above = node.parent; above; above = above.parent) add(above);
}

/**
 * Marks what a filter shows; returns how many leaves these are.
 *
 * @param {Tree} tree
 * @param {Filter} filter
 */
export function applyFilter(tree, filter) {
  let shown = 0;
  for (const node of tree.nodes) {
    node.matches = !node.branch && isWanted(node, filter.only) && holdsText(node, filter.text);
    if (node.matches) shown += 1;
  }
  for (let position = tree.nodes.length - 1; position >= 0; position -= 1) {
    const { matches, parent } = tree.nodes[position];
    if (matches && parent) parent.matches = true;
  }
  return shown;
}

/**
 * @param {Node} node
 * @param {string | null} only
 */
function isWanted(node, only) {
  if (only === null) return node.now !== undefined || node.before !== undefined;
  const finding = node.checked ? node.entry?.finding : null;
  const kind = only.split(":")[0];
  if (!KINDS.some((known) => known === kind)) return node.change === only;
  return finding?.kind === kind && (kind === only || only === `${kind}:${finding.value}`);
}

/**
 * @param {Node} node
 * @param {string} text
 */
function holdsText(node, text) {
  if (text === "" || !node.entry) return true;
  const { keyPath, definition } = node.entry;
  const path = keyPath.toLowerCase();
  return (
    path.includes(text) ||
    path.replaceAll(".", "_").includes(text) ||
    Boolean(definition?.description.toLowerCase().includes(text) || definition?.owner.toLowerCase().includes(text))
  );
}

/** @param {Node} node */
export function hasChildren(node) {
  return node.branch || holdsParts(node.now) || holdsParts(node.before);
}

/** @param {unknown} value */
function holdsParts(value) {
  return Array.isArray(value)
    ? value.length > 0
    : isObject(value) && Object.keys(/** @type {object} */ (value)).length > 0;
}

/**
 * @param {Node} node
 * @param {boolean} compared
 * @returns {Node[]}
 */
export function childrenOf(node, compared) {
  if (node.children) return node.children;
  const now = members(node.now);
  const before = members(node.before);
  const children = [];
  for (const [name, value] of now) {
    children.push(part(name, node, value, before.get(name), compared));
    before.delete(name);
  }
  for (const [name, value] of before) children.push(part(name, node, undefined, value, compared));
  node.children = children;
  return children;
}

/**
 * @param {unknown} value
 * @returns {Map<string, unknown>}
 */
function members(value) {
  if (!holdsParts(value)) return new Map();
  const all = Object.entries(/** @type {object} */ (value));
  const members = new Map(all.slice(0, MAX_CHILDREN));
  if (all.length > MAX_CHILDREN) members.set("…", `${all.length - MAX_CHILDREN} more`);
  return members;
}

/**
 * The rows of the tree, from the top down.
 *
 * @param {Tree} tree
 * @param {(node: Node) => boolean} isOpen
 * @returns {Node[]}
 */
export function rowsOf(tree, isOpen) {
  const rows = [];
  const waiting = [...(tree.root.children ?? [])].reverse();
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    if (!node.matches) continue;
    rows.push(node);
    if (!isOpen(node) || !hasChildren(node)) continue;
    const children = childrenOf(node, tree.compared);
    for (let position = children.length - 1; position >= 0; position -= 1) waiting.push(children[position]);
  }
  return rows;
}

/** @param {Node} node */
export function keyPathOf(node) {
  if (node.entry) return node.entry.keyPath;
  const names = [];
  for (let above = /** @type {Node | null} */ (node); above && above.depth > 0; above = above.parent)
    names.push(above.name);
  return names.reverse().join(".");
}
