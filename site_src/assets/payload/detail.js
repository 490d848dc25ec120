/** The chosen value in full: what it is, what is wrong with it, and where to read on. */

import { copyText } from "../shared/clipboard.js";
import { make } from "../shared/elements.js";
import { counted } from "../shared/format.js";
import { keyPathOf } from "./tree.js";
import { cut, explained, notChecked, plain, whole } from "./wording.js";

/** @typedef {import("./tree.js").Node} Node */
/** @typedef {import("./definitions.js").Definition} Definition */
/** @typedef {import("./definitions.js").Definitions} Definitions */

const ROOT = "..";
const MAX_KEY_PATH_LENGTH = 2000;

/**
 * @param {Node} node
 * @param {Definitions} definitions
 * @returns {HTMLElement[]}
 */
export function detail(node, definitions) {
  const parts = /** @type {HTMLElement[]} */ ([heading(node)]);
  const definition = node.entry?.definition ?? owner(node);
  if (node.entry && node.checked) {
    const said = [explained(node.entry), notChecked(node.entry)].filter(Boolean);
    parts.push(...said.map((sentence) => make("p", { class: "dd-detail-finding" }, sentence)));
  }
  if (definition) parts.push(...defined(definition));
  else if (keyPathOf(node) === definitions.recordedAt) parts.push(make("p", {}, "When the payload was recorded."));
  if (node.branch)
    parts.push(make("p", { class: "dd-muted" }, `Holds ${counted(node.keys, "value")} of this payload.`));
  else parts.push(...values(node));
  return parts;
}

/** @param {Node} node */
function heading(node) {
  const path = keyPathOf(node);
  const title = make("h2", {}, plain(cut(path, MAX_KEY_PATH_LENGTH)) || "(no name)");
  const copy = make("button", { type: "button", class: "dd-button" }, "Copy key path");
  copy.addEventListener("click", async () => {
    copy.textContent = (await copyText(path)) ? "Copied" : "Not copied: select it by hand";
  });
  return make("div", { class: "dd-detail-head" }, title, copy);
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
  const { page, ownerPage, owner, description } = definition;
  const facts = [definition.status ?? "no status", definition.valueType, definition.category].filter(Boolean);
  return [
    make("p", {}, description || "The definition has no description."),
    make("p", {}, link(page, "Definition"), ", owned by ", link(ownerPage, owner), ` (${facts.join(", ")})`),
  ];
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
    const attributes = { tabindex: "0", role: "group", "aria-label": title || "Value" };
    const text = make("pre", attributes, whole(value));
    return title ? [make("p", { class: "dd-muted" }, title), text] : [text];
  });
}

/**
 * @param {string} page
 * @param {string} text
 */
function link(page, text) {
  return make("a", { href: `${ROOT}/${page}` }, text);
}
