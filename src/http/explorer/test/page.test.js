import assert from 'node:assert/strict';
import test from 'node:test';
import { createFetcher } from '../src/fetcher.js';
import { createSession } from '../src/session.js';

const ROLES = [{ role: 'sales', token: 's1' }, { role: 'admin', token: 'a1' }];

function memoryStorage() {
  const items = new Map();
  return { getItem: (key) => items.get(key) ?? null, setItem: (key, value) => items.set(key, value), items };
}

test('without a token nothing is sent and the answer says how to get one', async () => {
  const send = () => assert.fail('sent without a token');
  const answer = await createFetcher('/graphql', '', send)({ query: '{ a }' });
  assert.match(answer.errors[0].message, /c360 token --role sales/);
});

test('a request is a JSON POST with the bearer token', async () => {
  let sent;
  const send = async (url, init) => ((sent = { url, ...init }), new Response('{"data":{"a":1}}'));
  const answer = await createFetcher('/graphql', 't0', send)({ query: 'query Q { a }', variables: { x: 1 }, operationName: 'Q' });
  assert.deepEqual(answer, { data: { a: 1 } });
  assert.equal(sent.url, '/graphql');
  assert.equal(sent.method, 'POST');
  assert.equal(sent.headers.authorization, 'Bearer t0');
  assert.equal(sent.headers['content-type'], 'application/json');
  assert.equal(sent.headers.accept, 'application/graphql-response+json, application/json;q=0.9');
  assert.deepEqual(JSON.parse(sent.body), { query: 'query Q { a }', variables: { x: 1 }, operationName: 'Q' });
});

test('the name of an operation that the document no longer has is not sent', async () => {
  let body;
  const send = async (_, init) => ((body = JSON.parse(init.body)), new Response('{"data":{}}'));
  await createFetcher('/graphql', 't', send)({ query: 'query NewX { a }', operationName: 'X' });
  assert.deepEqual(body, { query: 'query NewX { a }' });
});

test('an error answer in JSON is shown as it is, whatever its status', async () => {
  const body = { errors: [{ message: 'bad', extensions: { code: 'X' } }] };
  const send = async () => new Response(JSON.stringify(body), { status: 400 });
  assert.deepEqual(await createFetcher('/graphql', 't', send)({ query: '{' }), body);
});

test('an empty 401, a proxy page and a dead gateway each get a sentence', async () => {
  const ask = (send) => createFetcher('/graphql', 't', send)({ query: '{ a }' }).then((answer) => answer.errors[0].message);
  assert.match(await ask(async () => new Response('', { status: 401 })), /refused the token/);
  assert.match(await ask(async () => new Response('<html>', { status: 502 })), /answered 502 without JSON/);
  assert.match(await ask(async () => Promise.reject(new TypeError('Failed to fetch'))), /did not answer/);
});

test('the demo starts with its first role, elsewhere with no token', () => {
  assert.deepEqual(createSession(memoryStorage(), ROLES).login, { role: 'sales', token: 's1' });
  assert.deepEqual(createSession(memoryStorage(), []).login, { role: '', token: '' });
});

test('a role is remembered by name, so a restarted demo\'s new token is used', () => {
  const storage = memoryStorage();
  createSession(storage, ROLES).save({ role: 'admin', token: 'a1' });
  assert.deepEqual(createSession(storage, [{ role: 'admin', token: 'a2' }]).login, { role: 'admin', token: 'a2' });
  assert.ok(![...storage.items.values()].join().includes('a1'));
});

test('an own token survives a reload; broken storage does no harm', () => {
  const storage = memoryStorage();
  createSession(storage, ROLES).save({ role: '', token: 'own' });
  assert.deepEqual(createSession(storage, ROLES).login, { role: '', token: 'own' });
  storage.setItem('c360:login', '{oops');
  assert.deepEqual(createSession(storage, []).login, { role: '', token: '' });
});
