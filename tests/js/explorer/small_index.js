/** An index of random metrics, and the same metrics as plain objects for whoever checks what is found. */

import { Engine, FORMAT } from "../../../site_src/assets/explorer/engine.js";
import { KINDS, RANGE } from "../../../site_src/assets/explorer/fields.js";
import { seeded } from "../random.js";

export const WORDS = ["board", "runner", "ci", "plan", "created", "a", "job"];
export const STATUSES = ["active", "broken", "removed"];
export const GROUPS = ["runner", "runner_fleet", "plan"];
export const TIERS = ["free", "premium", "ultimate"];
export const MILESTONES = ["<13.9", "13.9", "13.10", "16.1", "16.10"];

/**
 * @typedef {object} Metric
 * @property {string} name
 * @property {string} description
 * @property {string} sql
 * @property {string[]} status
 * @property {string[]} group
 * @property {string[]} tier
 * @property {string[]} milestone
 */

/** @param {number} seed @param {number} size @returns {Metric[]} in the order of their names */
export function randomMetrics(seed, size) {
  const random = seeded(seed);
  const phrase = (separator, longest) =>
    Array.from({ length: 1 + random.below(longest) }, () => random.pick(WORDS)).join(separator);
  const names = new Set(Array.from({ length: size }, () => `counts.${phrase("_", 3)}`));
  return [...names].sort().map((name) => ({
    name,
    description: phrase(" ", 4),
    sql: random.chance(0.3) ? `SELECT ${random.pick(WORDS)}` : "",
    status: [random.pick(STATUSES)],
    group: random.chance(0.9) ? [random.pick(GROUPS)] : [],
    tier: TIERS.filter(() => random.chance(0.5)),
    milestone: [random.pick(MILESTONES)],
  }));
}

/** @param {string[]} texts */
function textData(texts) {
  const values = [...new Set(texts)];
  return { values, rows: texts.map((text) => values.indexOf(text)) };
}

/** @param {string[]} values @param {string[][]} rows */
function setData(values, rows) {
  const sets = [...new Set(rows.map((row) => JSON.stringify(row)))];
  return {
    values,
    labels: {},
    sets: sets.map((set) => JSON.parse(set).map((value) => values.indexOf(value))),
    rows: rows.map((row) => sets.indexOf(JSON.stringify(row))),
  };
}

/** @param {Metric[]} metrics @returns {Engine} with both files of the index */
export function engineOf(metrics) {
  const engine = new Engine(
    {
      format: FORMAT,
      kind: "metrics",
      names: metrics.map(({ name }) => name),
      paths: {},
      gist: textData(metrics.map(({ description }) => description.slice(0, 12))),
      sets: {
        status: setData(
          STATUSES,
          metrics.map(({ status }) => status),
        ),
        group: setData(
          GROUPS,
          metrics.map(({ group }) => group),
        ),
        tier: setData(
          TIERS,
          metrics.map(({ tier }) => tier),
        ),
        [RANGE]: setData(
          MILESTONES,
          metrics.map(({ milestone }) => milestone),
        ),
      },
    },
    KINDS.metrics,
  );
  engine.add({
    format: FORMAT,
    texts: {
      description: textData(metrics.map(({ description }) => description)),
      sql: textData(metrics.map(({ sql }) => sql)),
    },
  });
  return engine;
}

export const EVERYTHING = { q: "", chosen: [], from: "", to: "", removed: true, sort: [] };
