/** A real Chromium for the tests of the page. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts it with a profile of its own, which Playwright makes and removes. */
export async function startBrowser(): Promise<Browser> {
  const executablePath = process.env.LOADLINE_CHROMIUM ?? '/usr/bin/chromium';
  assert.ok(
    existsSync(executablePath),
    `Chromium is needed (Debian package chromium, or its path in LOADLINE_CHROMIUM; \`make test\` installs it): there is no ${executablePath}`,
  );
  return chromium.launch({ executablePath, headless: true, args: FLAGS, timeout: 60_000 });
}

export interface Tab {
  readonly page: Page;
  /** Errors and warnings of the console, uncaught errors, violations of the content policy, requests that failed or went elsewhere. */
  readonly faults: readonly string[];
  close(): Promise<void>;
}

/** Opens a page of a server and notes all that a person would find in the console. */
export async function openTab(browser: Browser, url: string, width = 1280, height = 900): Promise<Tab> {
  const context = await browser.newContext({ viewport: { width, height } });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') {
      faults.push(`console: ${message.text()}`);
    }
  });
  page.on('pageerror', (error) => faults.push(`uncaught: ${error.message}`));
  page.on('requestfailed', (request) => faults.push(`failed: ${request.url()}`));
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith('data:')) {
      faults.push(`elsewhere: ${request.url()}`);
    }
  });
  // As text, because what runs in the browser knows names that Node's types do not.
  await page.addInitScript({
    content: `document.addEventListener('securitypolicyviolation', (event) =>
      console.error('content policy: ' + event.violatedDirective + ' ' + event.blockedURI))`,
  });
  const response = await page.goto(`${url}/`, { waitUntil: 'load' });
  assert.equal(response?.status(), 200);
  assert.match(response.headers()['content-security-policy'] ?? '', /default-src 'none'/);
  return { page, faults, close: () => context.close() };
}
