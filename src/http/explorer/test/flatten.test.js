import assert from 'node:assert/strict';
import test from 'node:test';
import { findTables, toSheet } from '../src/flatten.js';

const paths = (data) => findTables(data).map(({ path, rows }) => [path, rows.length]);

test('a connection by edges gives one row per node', () => {
  const [table] = findTables({ customers: { edges: [{ cursor: 'a', node: { id: '1' } }, { node: { id: '2' } }] } });
  assert.deepEqual(table, { path: 'customers', rows: [{ id: '1' }, { id: '2' }], partial: false });
});

test('a connection with nodes and edges is one table', () => {
  assert.deepEqual(paths({ customers: { nodes: [{ id: '1' }], edges: [{ cursor: 'a' }] } }), [['customers', 1]]);
});

test('a connection says when more pages follow', () => {
  const page = (hasNextPage) => ({ c: { edges: [], pageInfo: { hasNextPage } } });
  assert.equal(findTables(page(true))[0].partial, true);
  assert.equal(findTables(page(false))[0].partial, false);
});

test('the largest list comes first, ties keep the answer\'s order, single objects come last', () => {
  const data = { customer: { id: '1', deals: [{ a: 1 }], tickets: { nodes: [{ a: 1 }, { a: 2 }] }, invoices: [{ a: 1 }, { a: 2 }] } };
  assert.deepEqual(paths(data), [['customer.tickets', 2], ['customer.invoices', 2], ['customer.deals', 1], ['customer', 1]]);
});

test('a list inside a row is not a table of its own', () => {
  assert.deepEqual(paths({ list: [{ inner: [{ x: 1 }, { x: 2 }] }] }), [['list', 1]]);
});

test('an answer without lists is one row', () => {
  assert.deepEqual(findTables({ total: 7, ok: true }), [{ path: 'data', rows: [{ total: 7, ok: true }], partial: false }]);
});

test('no data gives no table', () => {
  for (const data of [null, undefined, {}, { customer: null }.customer]) assert.deepEqual(findTables(data), []);
});

test('a list of scalars becomes the column "value", a null node an empty one', () => {
  const sheet = toSheet(findTables({ tags: ['a', null, 'b'] })[0].rows);
  assert.deepEqual(sheet, { columns: ['value'], cells: [['a'], [null], ['b']] });
});

test('nested objects become dotted columns and keep their place', () => {
  const sheet = toSheet([
    { id: '1', company: null, stage: 'lead' },
    { id: '2', company: { name: 'Acme', address: { city: 'Bern' } }, stage: 'customer' },
  ]);
  assert.deepEqual(sheet.columns, ['id', 'company.name', 'company.address.city', 'stage']);
  assert.deepEqual(sheet.cells, [['1', null, null, 'lead'], ['2', 'Acme', 'Bern', 'customer']]);
});

test('a field that is null in every row stays a column', () => {
  assert.deepEqual(toSheet([{ id: '1', cac: null }]), { columns: ['id', 'cac'], cells: [['1', null]] });
});

test('nested lists and connections become a count and JSON; a missing list is empty, not 0', () => {
  const sheet = toSheet([
    { id: '1', tickets: { edges: [{ node: { n: 1 } }, { node: { n: 2 } }] }, tags: [] },
    { id: '2', tickets: null, tags: ['x'] },
  ]);
  assert.deepEqual(sheet.columns, ['id', 'tickets[count]', 'tickets[json]', 'tags[count]', 'tags[json]']);
  assert.deepEqual(sheet.cells, [['1', 2, '[{"n":1},{"n":2}]', 0, '[]'], ['2', null, null, 1, '["x"]']]);
});

test('decimals stay the strings they were', () => {
  assert.deepEqual(toSheet([{ amount: '12345678901234567890.10' }]).cells, [['12345678901234567890.10']]);
});

test('a field named as an object\'s inner property is harmless', () => {
  const row = JSON.parse('{"__proto__": "a", "constructor": "b"}');
  assert.deepEqual(toSheet([row]), { columns: ['__proto__', 'constructor'], cells: [['a', 'b']] });
});

test('rows of different types share one header', () => {
  const sheet = toSheet([{ __typename: 'Deal', amount: '1' }, { __typename: 'Ticket', subject: 's' }]);
  assert.deepEqual(sheet.columns, ['__typename', 'amount', 'subject']);
  assert.deepEqual(sheet.cells, [['Deal', '1', null], ['Ticket', null, 's']]);
});
