// A sheet as CSV text: RFC 4180 (CRLF, quotes doubled), with a guard against spreadsheet formulas.

// What Excel, LibreOffice or Sheets may take for a formula, full-width forms included (OWASP "CSV injection").
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;
// A signed number is no formula; an apostrophe before it would only spoil sums and phone numbers.
const NUMBER = /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/;

/** One cell as it stands in the file. null and undefined are empty. */
export function toCsvCell(value) {
  let text = value === null || value === undefined ? '' : String(value);
  if (FORMULA.test(text) && !NUMBER.test(text)) text = `'${text}`;
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The whole file, header first, each line ended by CRLF. */
export function toCsv({ columns, cells }) {
  return [columns, ...cells].map((line) => `${line.map(toCsvCell).join(',')}\r\n`).join('');
}
