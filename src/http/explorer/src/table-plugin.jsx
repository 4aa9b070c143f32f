// GraphiQL plugin "Table": the last answer as a flat table, saved as CSV.
import { useMemo, useState } from 'react';
import { Button, useGraphiQL } from '@graphiql/react';
import { toCsv } from './csv.js';
import { findTables, toSheet } from './flatten.js';

// The browser gets slow far above this; the CSV always has every row.
const ROWS_SHOWN_MAX = 1000;

export const TABLE_PLUGIN = { title: 'Table', icon: TableIcon, content: TablePane };

function TableIcon() {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <rect x="3" y="4.5" width="18" height="15" rx="2" />
      <path d="M3 9.500h18M3 14.500h18M9.500 9.500v10" />
    </svg>
  );
}

function TablePane() {
  const answerText = useGraphiQL((state) => state.tabs[state.activeTabIndex]?.response);
  const answer = useMemo(() => parse(answerText), [answerText]);
  const tables = useMemo(() => findTables(answer?.data), [answer]);
  const [chosen, setChosen] = useState(null);
  const table = tables.find(({ path }) => path === chosen) ?? tables[0];
  const sheet = useMemo(() => table && toSheet(table.rows), [table]);

  return (
    <section className="table-plugin">
      <div className="graphiql-doc-explorer-title">Table</div>
      {table && answer.errors && <p className="note">The answer has errors, so rows or cells may be missing.</p>}
      {table ? (
        <>
          <div className="tools">
            {tables.length > 1 ? (
              <select data-testid="table-choice" aria-label="List" value={table.path} onChange={(e) => setChosen(e.target.value)}>
                {tables.map(({ path, rows }) => (
                  <option key={path} value={path}>{`${path} (${count(rows.length)})`}</option>
                ))}
              </select>
            ) : (
              <span data-testid="table-title">{`${table.path} (${count(table.rows.length)})`}</span>
            )}
            <Button type="button" data-testid="table-save-csv" onClick={() => save(table.path, toCsv(sheet))}>
              Save as CSV
            </Button>
          </div>
          {table.partial && (
            <p className="note">This is one page of a longer list: pass its endCursor as “after” to get the next.</p>
          )}
          {sheet.cells.length > ROWS_SHOWN_MAX && (
            <p className="note">{`Showing the first ${ROWS_SHOWN_MAX} rows; the CSV has all ${sheet.cells.length}.`}</p>
          )}
          <Sheet columns={sheet.columns} cells={sheet.cells.slice(0, ROWS_SHOWN_MAX)} />
        </>
      ) : (
        <p className="note" data-testid="table-empty">
          {answer ? 'The answer has no data to show as a table. Its errors, if any, stand on the right.' : 'Run a query; its answer appears here as a table.'}
        </p>
      )}
    </section>
  );
}

function Sheet({ columns, cells }) {
  return (
    <div className="sheet">
      <table data-testid="result-table">
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {cells.map((line, row) => (
            <tr key={row}>
              {line.map((cell, column) => (
                <td key={columns[column]} className={typeof cell === 'number' ? 'number' : undefined} title={textOf(cell)}>
                  {textOf(cell)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const textOf = (cell) => (cell === null ? '' : String(cell));
const count = (rows) => `${rows} ${rows === 1 ? 'row' : 'rows'}`;

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null; // nothing yet, or still running
  }
}

function save(name, csv) {
  // The byte order mark makes Excel read UTF-8; other readers skip it.
  const url = URL.createObjectURL(new Blob(['\uFEFF', csv], { type: 'text/csv;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `${name}.csv`;
  link.click();
  // Not at once: the browser reads the blob after this task.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
