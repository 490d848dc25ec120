/**
 * The dictionary as the payload reader needs it: from columns, as the build writes them, to one look-up by key path.
 */

/**
 * @typedef {object} Definition
 * @property {string} keyPath
 * @property {string} description
 * @property {string | null} status
 * @property {string | null} valueType
 * @property {string | null} category
 * @property {string} owner the product group's name
 * @property {string} ownerPage relative to the site's root
 * @property {string} page relative to the site's root
 * @property {string | undefined} removedIn
 * @property {unknown} schema of an object value; undefined where there is none
 */

/**
 * @typedef {object} Definitions
 * @property {Map<string, Definition>} byKeyPath in the order of the key paths
 * @property {Level} top the same as a tree
 * @property {string} recordedAt the one key of a payload that needs no definition
 */

/**
 * The names that may follow one another in a payload: looking up a short name is much faster than a whole key path.
 *
 * @typedef {Map<string, {definition: Definition | undefined, below: Level | undefined}>} Level
 */

/** @typedef {{values: (string | null)[], rows: number[]}} Column */

/**
 * @param {any} columns
 * @returns {Definitions}
 */
export function readDefinitions(columns) {
  const schemas = new Map(Object.entries(columns.object_schemas));
  const groups = new Map(Object.entries(columns.groups));
  const byKeyPath = new Map();
  const top = new Map();
  columns.key_path.forEach((/** @type {string} */ keyPath, /** @type {number} */ position) => {
    const group = groups.get(at(columns.product_group, position) ?? "");
    /** @type {Definition} */
    const definition = {
      keyPath,
      description: columns.description[position],
      status: at(columns.status, position),
      valueType: at(columns.value_type, position),
      category: at(columns.data_category, position),
      owner: group.name,
      ownerPage: group.page,
      page: columns.page[position] ?? `metrics/${keyPath}/`,
      removedIn: columns.removed_in[position],
      schema: schemas.get(columns.schema[position]),
    };
    byKeyPath.set(keyPath, definition);
    addToLevels(top, definition);
  });
  return { byKeyPath, top, recordedAt: columns.recorded_at };
}

/**
 * @param {Column} column
 * @param {number} position
 */
function at(column, position) {
  return column.values[column.rows[position]];
}

/**
 * @param {Level} top
 * @param {Definition} definition
 */
function addToLevels(top, definition) {
  const names = definition.keyPath.split(".");
  const last = names.pop() ?? "";
  let level = top;
  for (const name of names) {
    const place = level.get(name) ?? { definition: undefined, below: undefined };
    level.set(name, place);
    level = place.below ??= new Map();
  }
  level.set(last, { definition, below: level.get(last)?.below });
}
