// Checks the explorer of a running gateway in headless Chromium, as a user would use it: open the page, enter a token,
// type a query, run it, read the answer, look at it as a table, save it as CSV. It also holds the page to its promise:
// no request to another host, no violation of its content-security policy, no error on the console.
//
// Environment:
//   C360_URL         the gateway, e.g. http://127.0.0.1:8360 (required)
//   C360_TOKEN       an access token; without it the page must come with a role's token chosen, as in the demo
//   C360_QUERY       a query with one list of objects that have an id, its operation named BrowserCheck
//   CHROMIUM         the browser's executable (default /usr/bin/chromium)
//   C360_SCREENSHOT  where to save a picture of the last step, also after a failure
//
// Prints one JSON object. Exit code 0: all is well; 1: a check failed, "step" and "error" say which and why.
import { readFile } from 'node:fs/promises';
import { chromium } from 'playwright-core';

const { C360_URL, C360_TOKEN, C360_SCREENSHOT, CHROMIUM = '/usr/bin/chromium' } = process.env;
const QUERY = process.env.C360_QUERY ?? 'query BrowserCheck { customers(first: 3) { edges { node { id } } } }';
const STEP_TIMEOUT_MS = 30_000;

const seen = { external: [], violations: [], consoleErrors: [] };
let step = 'start';
let browser;
let page;
let result;

try {
  result = await check();
} catch (error) {
  process.exitCode = 1;
  result = { ok: false, step, error: error.message, ...seen };
} finally {
  if (page && C360_SCREENSHOT) {
    await page.screenshot({ path: C360_SCREENSHOT }).catch((error) => (result.screenshotError = error.message));
  }
  await browser?.close().catch(() => {});
  console.log(JSON.stringify(result));
}

async function check() {
  ensure(C360_URL, 'set C360_URL to the running gateway, e.g. http://127.0.0.1:8360');
  const { origin, hostname } = new URL(C360_URL);

  step = 'start the browser';
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox', // tests run as root in containers, where Chromium's own sandbox cannot start
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      `--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE ${hostname}`, // even a mistake does not leave this machine
    ],
  });
  page = await browser.newPage({ viewport: { width: 1440, height: 860 } });
  page.setDefaultTimeout(STEP_TIMEOUT_MS);
  watch(origin);

  step = 'open the page';
  const opened = await page.goto(`${origin}/`);
  ensure(opened.ok(), `GET / answered ${opened.status()}`);
  const policy = opened.headers()['content-security-policy'] ?? '';
  ensure(policy.includes("default-src 'none'"), `the page's content-security policy is ${JSON.stringify(policy)}`);
  ensure((await page.locator('#root').count()) === 1, 'this gateway was built without the explorer; run `make explorer`, then build again');
  ensure((await page.title()) === 'customer360 explorer', `the title is ${JSON.stringify(await page.title())}`);

  step = 'enter the token';
  const token = page.getByTestId('token');
  await token.waitFor();
  if (C360_TOKEN) {
    await token.fill(C360_TOKEN);
    await token.press('Enter');
  } else {
    ensure(await token.inputValue(), 'C360_TOKEN is not set and the page came without a ready token (not a demo?)');
  }
  await page.getByTestId('token-hint').waitFor({ state: 'detached' });

  step = 'type the query';
  const editor = page.locator('.graphiql-query-editor .monaco-editor').first();
  await editor.locator('.view-lines').click();
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.insertText(QUERY.replace(/\s+/g, ' ').trim()); // on one line: the editor adds its own indentation
  // GraphiQL reads the operation's name a moment after the typing; the tab's title shows that it has.
  await page.getByRole('tab', { name: 'BrowserCheck' }).waitFor();

  step = 'prettify the query';
  await page.getByRole('button', { name: /^Prettify/ }).click();
  await editor.locator('.view-line').nth(2).waitFor();

  step = 'run the query';
  const [response] = await Promise.all([
    page.waitForResponse((r) => r.url() === `${origin}/graphql` && isOurs(r.request().postDataJSON())),
    page.locator('.graphiql-execute-button').click(),
  ]);
  const answer = await response.json().catch(() => ({}));
  ensure(response.ok() && answer.data && !answer.errors, `POST /graphql answered ${response.status()}: ${JSON.stringify(answer).slice(0, 500)}`);
  const rows = firstList(answer.data);
  ensure(rows?.length > 0 && rows.every((row) => typeof row?.id === 'string'), 'the query found no list of objects with an id');

  step = 'see the answer';
  await hasText('.graphiql-response .view-lines', JSON.stringify(rows[0].id));

  step = 'see the table';
  await page.getByRole('button', { name: 'Show Table' }).click();
  const table = page.getByTestId('result-table');
  await table.waitFor();
  const columns = await table.locator('thead th').allTextContents();
  const idColumn = columns.indexOf('id');
  ensure(idColumn >= 0, `the table has no column "id", only ${columns.join(', ')}`);
  const shown = await table.locator(`tbody td:nth-child(${idColumn + 1})`).allTextContents();
  ensure(same(shown, rows.map(({ id }) => id)), `the table shows the ids ${shown.join(', ')}, the answer has others`);

  step = 'save as CSV';
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('table-save-csv').click()]);
  const csv = (await readFile(await download.path(), 'utf8')).replace(/^\uFEFF/, '');
  ensure(/\.csv$/.test(download.suggestedFilename()), `the file is called ${download.suggestedFilename()}`);
  ensure(csv.startsWith(`${columns.join(',')}\r\n`), `the CSV begins ${JSON.stringify(csv.slice(0, 80))}`);
  ensure(rows.every(({ id }) => csv.includes(id)), 'the CSV lacks some of the rows');

  step = 'check what the page asked for';
  ensure(seen.external.length === 0, 'the page asked other hosts');
  ensure(seen.violations.length === 0, 'the page broke its content-security policy');
  ensure(seen.consoleErrors.length === 0, 'the console shows errors');
  return { ok: true, url: origin, rows: rows.length, columns, csvName: download.suggestedFilename(), csvBytes: csv.length, ...seen };
}

/** Not GraphiQL's own question for the schema. */
function isOurs(asked) {
  return asked !== null && asked.operationName !== 'IntrospectionQuery';
}

function watch(origin) {
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !/^(data|blob):/.test(url)) seen.external.push(url);
  });
  page.on('console', (message) => {
    if (message.type() !== 'error') return;
    const kind = /content security policy/i.test(message.text()) ? seen.violations : seen.consoleErrors;
    kind.push(message.text());
  });
  page.on('pageerror', (error) => seen.consoleErrors.push(error.message));
}

/** Waits until the element shows the text. Monaco writes spaces as no-break spaces and may wrap anywhere. */
async function hasText(selector, text) {
  await page.waitForFunction(
    ([where, wanted]) => {
      const squeeze = (string) => string.replace(/\s/g, '');
      return squeeze(document.querySelector(where)?.textContent ?? '').includes(squeeze(wanted));
    },
    [selector, text],
  );
}

/** The items of the first list or connection below `value`. */
function firstList(value) {
  if (Array.isArray(value)) return value.map((item) => item?.node ?? item);
  if (value === null || typeof value !== 'object') return null;
  for (const inner of Object.values(value)) {
    const found = firstList(inner);
    if (found) return found;
  }
  return null;
}

function same(a, b) {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

function ensure(condition, message) {
  if (!condition) throw new Error(message);
}
