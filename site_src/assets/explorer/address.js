/** What the explorer shows, as the parameters of its address: a copied link shows the same. */

import { RANGE } from "./fields.js";

/**
 * @typedef {object} State
 * @property {string} q
 * @property {Map<string, string[]>} chosen facet and its chosen values
 * @property {string} from
 * @property {string} to
 * @property {boolean} removed
 * @property {import("./engine.js").SortKey[]} sort
 * @property {string[]} columns
 * @property {boolean} compact
 */

/** @param {string} search @param {import("./fields.js").Kind} kind @returns {State} */
export function fromAddress(search, kind) {
  const parameters = new URLSearchParams(search);
  const choices = kind.facets.filter((facet) => facet !== RANGE && parameters.has(facet));
  const [from, to = from] = (parameters.get(RANGE) ?? "").split("..");
  const known = new Set(kind.fields.map((field) => field.name));
  const columns = listed(parameters.get("columns")).filter((name) => known.has(name));
  return {
    q: parameters.get("q") ?? "",
    chosen: new Map(choices.map((facet) => [facet, parameters.getAll(facet).filter(Boolean)])),
    from,
    to,
    removed: parameters.get("removed") === "show",
    sort: listed(parameters.get("sort"))
      .map((key) => ({ key: key.replace(/^-/, ""), down: key.startsWith("-") }))
      .filter(({ key }) => known.has(key)),
    columns: columns.length
      ? kind.fields.map((field) => field.name).filter((name) => columns.includes(name))
      : kind.columns,
    compact: parameters.get("density") === "compact",
  };
}

/** @param {State} state @param {import("./fields.js").Kind} kind @returns {string} empty, or with its question mark */
export function toAddress(state, kind) {
  const parameters = new URLSearchParams();
  if (state.q.trim()) parameters.set("q", state.q);
  for (const facet of kind.facets) {
    for (const value of state.chosen.get(facet) ?? []) parameters.append(facet, value);
  }
  if (state.from || state.to) {
    parameters.set(RANGE, state.from === state.to ? state.from : `${state.from}..${state.to}`);
  }
  if (state.removed) parameters.set("removed", "show");
  if (state.sort.length) parameters.set("sort", state.sort.map(({ key, down }) => (down ? `-${key}` : key)).join(","));
  if (state.columns.join() !== kind.columns.join()) parameters.set("columns", state.columns.join(","));
  if (state.compact) parameters.set("density", "compact");
  const text = parameters.toString().replaceAll("%2C", ",");
  return text ? `?${text}` : "";
}

/** @param {string | null} text */
function listed(text) {
  return (text ?? "").split(",").filter(Boolean);
}
