/** The page at `/` in a real Chromium. With LOADLINE_SCREENSHOTS=FOLDER it leaves pictures there. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openTab, startBrowser } from './browser.ts';
import { ask, corpusModel, HOUSES, house, isClose, startServer } from './harness.ts';

let browser: Browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.LOADLINE_SCREENSHOTS;
  if (folder !== undefined) {
    await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  }
}

/** Nothing may stick out at the side: a phone would then shift the page around. */
async function assertFits(page: Page): Promise<void> {
  const [content, window] = await page.evaluate<[number, number]>(
    '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
  );
  assert.ok(content <= window, `the page is ${content} wide in a window of ${window}`);
}

test('a regression: the form gives scikit-learn’s answer, the code follows it, a bad value is explained', async () => {
  const { row, price } = house();
  const server = await startServer(HOUSES);
  const { page, faults, close } = await openTab(browser, server.url);
  try {
    assert.match(await page.title(), /Loadline/);
    const fields = await page
      .locator('form input')
      .evaluateAll((inputs) => inputs.map((input) => input.getAttribute('name')));
    assert.deepEqual(fields, Object.keys(row));
    for (const [name, value] of Object.entries(row)) {
      await page.getByLabel(name, { exact: true }).fill(String(value));
    }
    const curl = await page.locator('#code').innerText();
    assert.equal(curl, `curl -s ${server.url}/predict -d '${JSON.stringify({ features: row })}'`);
    const answered = page.waitForResponse('**/predict');
    await page.getByRole('button', { name: 'Predict' }).click();
    const { prediction } = (await (await answered).json()) as { prediction: unknown[] };
    assert.ok(isClose(prediction[0], price), `${prediction[0]} is not ${price}`);
    const shown = await page.locator('#answer output').innerText();
    assert.ok(Math.abs(Number(shown.replaceAll(',', '')) - price) < 1e-4, `${shown} is not ${price}`);
    await picture(page, 'regression');

    for (const [tab, pattern] of [
      ['Python', /^import requests\n[\s\S]*requests\.post\(/],
      ['JavaScript', /^const answer = await fetch\(/],
      ['curl', /^curl -s /],
    ] as const) {
      await page.getByRole('tab', { name: tab }).click();
      assert.match(await page.locator('#code').innerText(), pattern);
      assert.equal(await page.getByRole('tab', { selected: true }).innerText(), tab);
    }
    await page.getByLabel('rooms', { exact: true }).fill('5');
    assert.match(await page.locator('#code').innerText(), /"rooms":5[,}]/);
    assert.deepEqual(faults, []);

    // The model refuses a missing value; the browser itself reports the status in the console, which is not a fault.
    await page.getByLabel('rooms', { exact: true }).fill('');
    await page.getByRole('button', { name: 'Predict' }).click();
    await page.locator('#answer .error').waitFor();
    assert.match(await page.locator('#answer .error').innerText(), /^Row 0, rooms: /);
    assert.equal(await page.locator('#answer output').count(), 0);
    await picture(page, 'error');
    await page.getByLabel('rooms', { exact: true }).fill('4');
    await page.getByRole('button', { name: 'Predict' }).press('Enter');
    await page.locator('#answer output').waitFor();
    assert.equal(await page.locator('#answer output').innerText(), shown);
    const others = faults.filter((fault) => !/status of 4\d\d/.test(fault));
    assert.deepEqual(others, []);
  } finally {
    await close();
    await server.close();
  }
});

test('a pipeline with categories: selects, probabilities', async () => {
  const { path, rows, predict, probabilities } = corpusModel('compose/one-hot-logistic');
  const server = await startServer(path);
  const { page, faults, close } = await openTab(browser, server.url);
  try {
    const selects = page.locator('form select');
    assert.equal(await selects.count(), 2);
    const row = rows[0] as readonly string[];
    for (const [i, value] of row.entries()) {
      await selects.nth(i).selectOption({ label: value });
    }
    await page.getByRole('button', { name: 'Predict' }).click();
    await page.locator('#answer output').waitFor();
    assert.equal(await page.locator('#answer output').innerText(), String(predict[0]));
    const shown = await page.locator('#answer table td:nth-child(2)').allInnerTexts();
    const wanted = [...probabilities![0]!].sort((a, b) => b - a).map((p) => `${(100 * p).toFixed(2)} %`);
    assert.deepEqual(shown, wanted);
    await picture(page, 'categories');
    assert.deepEqual(faults, []);
  } finally {
    await close();
    await server.close();
  }
});

test('a text model: one JSON field, and text that is no JSON is refused in the page', async () => {
  const { path, rows, predict } = corpusModel('compose/text-logistic');
  const server = await startServer(path);
  const { page, faults, close } = await openTab(browser, server.url);
  try {
    const at = rows.findIndex((text) => typeof text === 'string' && text.length > 10);
    await page.locator('textarea').fill(JSON.stringify(rows[at]));
    await page.getByRole('button', { name: 'Predict' }).click();
    await page.locator('#answer output').waitFor();
    assert.equal(await page.locator('#answer output').innerText(), String(predict[at]));
    await page.locator('textarea').fill('not json');
    assert.match(await page.locator('#code').innerText(), /not valid JSON/);
    await page.getByRole('button', { name: 'Predict' }).click();
    assert.match(await page.locator('#answer .error').innerText(), /not valid JSON/);
    await picture(page, 'text');
    assert.deepEqual(faults, []);
  } finally {
    await close();
    await server.close();
  }
});

test('on a phone and in the dark everything fits', async () => {
  for (const [name, path] of [
    ['regression', HOUSES],
    ['categories', corpusModel('compose/one-hot-logistic').path],
    ['one-feature', corpusModel('linear/linear-regression-one-feature').path],
  ] as const) {
    const server = await startServer(path, [
      '--name',
      'a-model-with-a-rather-long-name-as-deployments-have-them',
    ]);
    const { page, faults, close } = await openTab(browser, server.url, 360, 740);
    try {
      await page.getByRole('button', { name: 'Predict' }).click();
      await page.locator('#answer output').waitFor();
      await assertFits(page);
      await picture(page, `phone-${name}`);
      await page.emulateMedia({ colorScheme: 'dark' });
      await picture(page, `phone-dark-${name}`);
      await page.setViewportSize({ width: 1280, height: 900 });
      await assertFits(page);
      await picture(page, `desktop-dark-${name}`);
      assert.deepEqual(faults, []);
    } finally {
      await close();
      await server.close();
    }
  }
});

test('names from the model file are text on the page, never markup', async () => {
  const server = await startServer(HOUSES, ['--name', 'a<b>&"\'']);
  const { page, faults, close } = await openTab(browser, server.url);
  try {
    assert.equal(await page.locator('h1').innerText(), 'a<b>&"\'');
    assert.equal(await page.locator('h1 b').count(), 0);
    assert.deepEqual(faults, []);
    const other = await ask(`${server.url}/`, { headers: { accept: 'application/json' } });
    assert.equal(other.status, 200);
    assert.doesNotMatch(other.text, /<html/, 'what asks for no HTML gets none');
  } finally {
    await close();
    await server.close();
  }
});
