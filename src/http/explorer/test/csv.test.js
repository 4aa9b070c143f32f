import assert from 'node:assert/strict';
import test from 'node:test';
import { toCsv, toCsvCell } from '../src/csv.js';

test('quotes, commas and line breaks are quoted as RFC 4180 says', () => {
  assert.equal(toCsvCell('plain'), 'plain');
  assert.equal(toCsvCell('a,b'), '"a,b"');
  assert.equal(toCsvCell('say "hi"'), '"say ""hi"""');
  assert.equal(toCsvCell('two\nlines'), '"two\nlines"');
  assert.equal(toCsvCell(' padded '), '" padded "');
});

test('empty cells are empty, other values are their text', () => {
  assert.deepEqual([null, undefined, '', 0, false, 1.5].map(toCsvCell), ['', '', '', '0', 'false', '1.5']);
});

test('what a spreadsheet would run gets an apostrophe', () => {
  for (const text of ['=1+1', '+cmd|calc', '-2+3', '@SUM(A1)', '=', '-', '＝1', '-1;2']) {
    assert.equal(toCsvCell(text), `'${text}`, text);
  }
  assert.equal(toCsvCell('\t=1'), "'\t=1");
  assert.equal(toCsvCell('\r=1'), `"'\r=1"`);
  assert.equal(toCsvCell('=HYPERLINK("x","y")'), '"\'=HYPERLINK(""x"",""y"")"');
});

test('plain signed numbers and phone numbers stay as they are', () => {
  for (const text of ['-12.50', '+41795550100', '-1e-7', '+0.1']) assert.equal(toCsvCell(text), text);
  assert.equal(toCsvCell(-3), '-3');
});

test('a file is header and rows, each ended by CRLF; headers are guarded too', () => {
  const sheet = { columns: ['id', '=x'], cells: [['1', null], ['2', 'é']] };
  assert.equal(toCsv(sheet), "id,'=x\r\n1,\r\n2,é\r\n");
});
