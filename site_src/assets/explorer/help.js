/** The dialog that explains the keyboard and the search language. */

import { make } from "../shared/elements.js";

/** @type {[key: string, meaning: string][]} */
const KEYS = [
  ["/", "go to the search box"],
  ["↓ ↑", "move through the results, from the box too"],
  ["Page Down, Home, End", "move faster"],
  ["Enter", "open the result; in the box, go to the first one"],
  ["Escape", "clear the search"],
  ["?", "this help"],
];

/** @type {Record<string, [query: string, meaning: string][]>} by the noun of a kind of definition */
export const SEARCHES = {
  metric: [
    ["ci builds", "both words, in any field"],
    ['"ci builds"', "these words in this order"],
    ["counts_ci_builds", "a key path, with dots or underscores"],
    [
      "status:broken",
      "one field: name, description, sql, event, option, property, status, group, source, category, time, tier, " +
        "type, pi, milestone, class, file",
    ],
    ["milestone:>=16.1", "also 16.1..17.2"],
    ["-runner -status:removed", "without"],
  ],
  event: [
    ["runner create", "both words, in any field"],
    ['"create a runner"', "these words in this order"],
    [
      "identifier:user",
      "one field: name, description, property, status, group, category, tier, identifier, milestone, metric, file",
    ],
    ["milestone:>=16.1", "also 16.1..17.2"],
    ["-runner -status:removed", "without"],
  ],
};

/** @param {import("./fields.js").Kind} kind */
export function helpDialog(kind) {
  const close = make("button", { type: "button", click: () => dialog.close() }, "Close");
  const dialog = make(
    "dialog",
    { class: "dx-keys", "aria-labelledby": "dx-keys-title" },
    make("h2", { id: "dx-keys-title" }, "Search and keys"),
    list(SEARCHES[kind.noun], "code"),
    list(KEYS, "kbd"),
    close,
  );
  return dialog;
}

/** @param {[string, string][]} entries @param {"code" | "kbd"} tag */
function list(entries, tag) {
  return make(
    "dl",
    {},
    ...entries.map(([name, meaning]) => make("div", {}, make("dt", {}, make(tag, {}, name)), make("dd", {}, meaning))),
  );
}
