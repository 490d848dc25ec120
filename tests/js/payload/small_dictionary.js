/** Definitions as the build writes them, from a few plain objects. */

import { readDefinitions } from "../../../site_src/assets/payload/definitions.js";

const column = (/** @type {(string | null)[]} */ texts) => {
  const values = [...new Set(texts)];
  return { values, rows: texts.map((text) => values.indexOf(text)) };
};

const sparse = (/** @type {(string | undefined)[]} */ texts) =>
  Object.fromEntries(texts.flatMap((text, position) => (text === undefined ? [] : [[position, text]])));

/**
 * Of two metrics with one key path the first counts, as in a build.
 * @param {Record<string, any>[]} all fields as a definition file has them @param {object} schemas by path
 */
export function definitionsOf(all, schemas = {}) {
  const metrics = all.filter(
    ({ key_path }, position) => all.findIndex((other) => other.key_path === key_path) === position,
  );
  const fields = (/** @type {string} */ name) => metrics.map((metric) => metric[name] ?? null);
  return readDefinitions({
    recorded_at: "recorded_at",
    key_path: fields("key_path"),
    description: metrics.map((metric) => metric.description ?? ""),
    status: column(fields("status")),
    value_type: column(fields("value_type")),
    data_category: column(fields("data_category")),
    product_group: column(metrics.map(() => "oven")),
    groups: { oven: { name: "Oven crew", page: "groups/oven/" } },
    removed_in: sparse(metrics.map((metric) => metric.milestone_removed)),
    schema: sparse(metrics.map((metric) => metric.value_json_schema)),
    page: {},
    object_schemas: schemas,
  });
}
