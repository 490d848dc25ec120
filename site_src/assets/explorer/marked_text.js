/** Text of a definition in the table: what was searched for is marked, and long names can break. */

import { make } from "../shared/elements.js";

/**
 * A text in which parts are marked.
 * @param {string} text
 * @param {import("./marks.js").Ranges} ranges
 * @param {(text: string) => (Node | string)[]} [piece]
 */
export function marked(text, ranges, piece = (part) => [part]) {
  const parts = document.createDocumentFragment();
  let position = 0;
  for (const [start, end] of ranges) {
    parts.append(...piece(text.slice(position, start)), make("mark", {}, ...piece(text.slice(start, end))));
    position = end;
  }
  parts.append(...piece(text.slice(position)));
  return parts;
}

/**
 * The same for running text: what stands in backticks is shown as code.
 * @param {string} text @param {import("./marks.js").Ranges} ranges
 */
export function markedProse(text, ranges) {
  /** @param {number} start @param {number} end */
  const part = (start, end) => {
    const inside = ranges.map(([from, to]) => [Math.max(from - start, 0), Math.min(to, end) - start]);
    return marked(text.slice(start, end), /** @type {typeof ranges} */ (inside.filter(([from, to]) => from < to)));
  };
  const parts = document.createDocumentFragment();
  let position = 0;
  for (const code of text.matchAll(/`[^`]+`/g)) {
    const end = code.index + code[0].length;
    parts.append(part(position, code.index), make("code", {}, part(code.index + 1, end - 1)));
    position = end;
  }
  parts.append(part(position, text.length));
  return parts;
}

/** Let a long name break after its dots and underscores. @param {string} name @returns {(Node | string)[]} */
export function breakable(name) {
  return name.split(/(?<=[._/:-])(?=\w)/).flatMap((part, index) => (index ? [make("wbr"), part] : [part]));
}
