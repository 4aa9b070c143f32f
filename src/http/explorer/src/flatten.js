// Turns a GraphQL answer into flat tables. Pure: no DOM, no network.
//
// A table is { path, rows: [object], partial }; a sheet is { columns: [string], cells: [[value]] }.
// `columns` are paths ("company.name"). A list inside a row gives two columns, "tickets[count]" and
// "tickets[json]"; brackets cannot occur in a GraphQL name, so they never collide with a field.

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

/** The items of a list or of a Relay connection, or null when `value` is neither. */
function itemsOf(value) {
  if (Array.isArray(value)) return value;
  if (!isObject(value)) return null;
  if (Array.isArray(value.nodes)) return value.nodes;
  if (!Array.isArray(value.edges)) return null;
  return value.edges.map((edge) => (isObject(edge) && 'node' in edge ? edge.node : edge));
}

/**
 * Every table in `data`, the largest first (ties: the first in the answer). Lists inside a row belong to that row
 * and are not tables. An object that is not a list is offered as a table of one row, after the lists.
 * `partial` is true where the connection says that more pages follow.
 */
export function findTables(data) {
  const lists = [];
  const singles = [];
  function walk(value, path) {
    const items = itemsOf(value);
    if (items) {
      const rows = items.map((item) => (isObject(item) ? item : { value: item }));
      const partial = value.pageInfo?.hasNextPage === true;
      lists.push({ path: path.join('.') || 'data', rows, partial });
      return;
    }
    if (!isObject(value)) return;
    const fields = Object.entries(value);
    const hasOwnFields = fields.some(([, field]) => !isObject(field) && !itemsOf(field));
    if (hasOwnFields) singles.push({ path: path.join('.') || 'data', rows: [value], partial: false });
    for (const [name, field] of fields) walk(field, [...path, name]);
  }
  walk(data, []);
  lists.sort((a, b) => b.rows.length - a.rows.length); // stable, so ties keep the answer's order
  return [...lists, ...singles];
}

/** One table as columns and cells. A cell is null, a boolean, a number or a string; decimals stay strings. */
export function toSheet(rows) {
  const top = { filled: false, seen: false, children: new Map() };
  const flat = rows.map((row) => {
    const cells = new Map();
    flattenInto(cells, top, '', row);
    return cells;
  });
  const columns = [];
  collectColumns(columns, top, '');
  return { columns, cells: flat.map((cells) => columns.map((column) => cells.get(column) ?? null)) };
}

// The tree keeps a column beside its siblings even when it first appears in a later row.
function flattenInto(cells, parent, prefix, object) {
  for (const [name, value] of Object.entries(object)) {
    const path = prefix + name;
    const column = child(parent, name);
    const items = itemsOf(value);
    if (items) {
      put(cells, column, '[count]', `${path}[count]`, items.length);
      put(cells, column, '[json]', `${path}[json]`, JSON.stringify(items));
    } else if (isObject(value)) {
      flattenInto(cells, column, `${path}.`, value);
    } else {
      column.seen = true;
      column.filled ||= value !== null;
      cells.set(path, value);
    }
  }
}

function put(cells, parent, name, path, value) {
  const column = child(parent, name);
  column.seen = true;
  column.filled = true;
  cells.set(path, value);
}

function child(parent, name) {
  let column = parent.children.get(name);
  if (!column) {
    column = { filled: false, seen: false, children: new Map() };
    parent.children.set(name, column);
  }
  return column;
}

function collectColumns(columns, parent, prefix) {
  for (const [name, column] of parent.children) {
    const path = name.startsWith('[') ? prefix.slice(0, -1) + name : prefix + name;
    // A nested object that is null in some rows is not a column of its own.
    if (column.seen && (column.filled || column.children.size === 0)) columns.push(path);
    collectColumns(columns, column, `${path}.`);
  }
}
