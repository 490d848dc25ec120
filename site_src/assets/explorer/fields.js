/**
 * What the explorer knows about the fields of each kind of definition. The names are those of the index's columns, of
 * the address's parameters and of `field:value` in a query.
 */

/**
 * @typedef {object} Field
 * @property {string} name
 * @property {string} title
 * @property {string} exported the definition's own name for it
 * @property {string} width of the column, for a grid
 */

/**
 * @typedef {object} Kind
 * @property {string} noun
 * @property {Field[]} fields every field that can be a column and a sort key, in the order of the columns
 * @property {string[]} columns those shown at first
 * @property {string[]} facets
 * @property {string[]} searched text and set columns that plain words look into, besides name and description
 * @property {Record<string, string>} aliases other names for a field in a query
 */

const NAME_WIDTH = "minmax(0, 7fr)";
const TEXT_WIDTH = "minmax(0, 6fr)";
const WORD_WIDTH = "minmax(0, 2fr)";

const BOTH = { key: "name", desc: "description", product_group: "group", tiers: "tier", file_path: "file" };

/** @type {Record<string, Kind>} */
export const KINDS = {
  metrics: {
    noun: "metric",
    fields: [
      { name: "name", title: "Key path", exported: "key_path", width: NAME_WIDTH },
      { name: "description", title: "Description", exported: "description", width: TEXT_WIDTH },
      { name: "status", title: "Status", exported: "status", width: WORD_WIDTH },
      { name: "group", title: "Group", exported: "product_group", width: WORD_WIDTH },
      { name: "source", title: "Data source", exported: "data_source", width: WORD_WIDTH },
      { name: "category", title: "Category", exported: "data_category", width: WORD_WIDTH },
      { name: "time", title: "Time frame", exported: "time_frame", width: WORD_WIDTH },
      { name: "tier", title: "Tier", exported: "tiers", width: WORD_WIDTH },
      { name: "type", title: "Value type", exported: "value_type", width: WORD_WIDTH },
      { name: "pi", title: "Indicator", exported: "performance_indicator_type", width: WORD_WIDTH },
      { name: "milestone", title: "Milestone", exported: "milestone", width: WORD_WIDTH },
      { name: "event", title: "Events", exported: "events", width: WORD_WIDTH },
    ],
    columns: ["name", "description", "status", "group", "source", "time"],
    facets: ["status", "group", "source", "category", "time", "tier", "type", "pi", "milestone"],
    searched: ["sql", "option", "property", "class", "event"],
    aliases: {
      ...BOTH,
      key_path: "name",
      data_source: "source",
      data_category: "category",
      time_frame: "time",
      value_type: "type",
      performance_indicator_type: "pi",
      indicator: "pi",
      instrumentation_class: "class",
      events: "event",
      options: "option",
      properties: "property",
    },
  },
  events: {
    noun: "event",
    fields: [
      { name: "name", title: "Action", exported: "action", width: NAME_WIDTH },
      { name: "description", title: "Description", exported: "description", width: TEXT_WIDTH },
      { name: "status", title: "Status", exported: "status", width: WORD_WIDTH },
      { name: "group", title: "Group", exported: "product_group", width: WORD_WIDTH },
      { name: "category", title: "Category", exported: "category", width: WORD_WIDTH },
      { name: "tier", title: "Tier", exported: "tiers", width: WORD_WIDTH },
      { name: "identifier", title: "Identifiers", exported: "identifiers", width: WORD_WIDTH },
      { name: "property", title: "Properties", exported: "additional_properties", width: WORD_WIDTH },
      { name: "milestone", title: "Milestone", exported: "milestone", width: WORD_WIDTH },
    ],
    columns: ["name", "description", "status", "group", "identifier"],
    facets: ["status", "group", "category", "tier", "identifier", "milestone"],
    searched: ["property", "about"],
    aliases: { ...BOTH, action: "name", identifiers: "identifier", properties: "property", metrics: "metric" },
  },
};

/** What facets are called where there is more room than above a column. */
const LONG_TITLES = /** @type {Record<string, string>} */ ({ group: "Product group", pi: "Performance indicator" });

/** @param {Kind} kind @param {string} facet */
export function facetTitle(kind, facet) {
  return LONG_TITLES[facet] ?? kind.fields.find(({ name }) => name === facet)?.title ?? facet;
}

/** Facets that are a range, not a choice of values. */
export const RANGE = "milestone";

/** What a text column is called where a match in it is shown. */
export const TEXT_TITLES = /** @type {Record<string, string>} */ ({
  sql: "SQL",
  option: "Options",
  property: "Properties",
  class: "Instrumentation",
  event: "Event",
  about: "Properties",
  description: "Description",
  metric: "Metric",
  file: "File",
});
