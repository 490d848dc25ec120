/** The chosen value in full: what it is, what is wrong with it, and where to read on. */

import { keyPathOf } from "./payload_tree.js";
import { counted, cut, explained, plain, whole } from "./payload_wording.js";

/** @typedef {import("./payload_tree.js").Node} Node */
/** @typedef {import("./payload_definitions.js").Definition} Definition */
/** @typedef {import("./payload_definitions.js").Definitions} Definitions */

const ROOT = "..";
const LONGEST_KEY_PATH = 2000;

/**
 * @param {Node} node
 * @param {Definitions} definitions
 * @returns {HTMLElement[]}
 */
export function detail(node, definitions) {
  const parts = /** @type {HTMLElement[]} */ ([heading(node)]);
  const definition = node.entry?.definition ?? owner(node);
  const finding = node.entry && node.judged ? explained(node.entry) : "";
  if (finding) parts.push(paragraph("dd-detail-finding", finding));
  if (definition) parts.push(...defined(definition));
  else if (keyPathOf(node) === definitions.recordedAt) parts.push(paragraph("", "When the payload was recorded."));
  if (node.branch) parts.push(paragraph("dd-muted", `Holds ${counted(node.keys, "value")} of this payload.`));
  else parts.push(...values(node));
  return parts;
}

/** @param {Node} node */
function heading(node) {
  const path = keyPathOf(node);
  const title = document.createElement("h2");
  title.textContent = plain(cut(path, LONGEST_KEY_PATH)) || "(no name)";
  const copy = document.createElement("button");
  copy.type = "button";
  copy.className = "dd-button";
  copy.textContent = "Copy key path";
  copy.addEventListener("click", async () => {
    copy.textContent = (await copied(path)) ? "Copied" : "Not copied: select it by hand";
  });
  const line = document.createElement("div");
  line.className = "dd-detail-head";
  line.append(title, copy);
  return line;
}

/** @param {string} text */
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * The definition of the metric that a part of a value belongs to.
 *
 * @param {Node} node
 */
function owner(node) {
  for (let above = node.parent; above; above = above.parent) if (above.entry?.definition) return above.entry.definition;
  return undefined;
}

/** @param {Definition} definition */
function defined(definition) {
  const links = document.createElement("p");
  links.append(link(definition.page, "Definition"), ", owned by ", link(definition.ownerPage, definition.owner));
  const facts = [definition.status ?? "no status", definition.valueType, definition.category].filter(Boolean);
  links.append(` (${facts.join(", ")})`);
  return [paragraph("", definition.description || "The definition has no description."), links];
}

/** @param {Node} node */
function values(node) {
  const pairs = /** @type {[string, unknown][]} */ (
    node.change === null
      ? [["", node.now]]
      : [
          ["This payload", node.now],
          ["Earlier payload", node.before],
        ]
  );
  return pairs.flatMap(([title, value]) => {
    const text = document.createElement("pre");
    text.textContent = whole(value);
    text.tabIndex = 0;
    text.setAttribute("aria-label", title || "Value");
    text.setAttribute("role", "group");
    return /** @type {HTMLElement[]} */ (title ? [paragraph("dd-muted", title), text] : [text]);
  });
}

/**
 * @param {string} page
 * @param {string} text
 */
function link(page, text) {
  const made = document.createElement("a");
  made.href = `${ROOT}/${page}`;
  made.textContent = text;
  return made;
}

/**
 * @param {string} className
 * @param {string} text
 */
function paragraph(className, text) {
  const made = document.createElement("p");
  if (className) made.className = className;
  made.textContent = text;
  return made;
}
