import type { Page } from '@playwright/test';
import { type Lab, startLab } from '../lab';
import { awake, expect, expectAccessible, expectNoSidewaysScroll, test } from '../test';

const PHONE = { width: 390, height: 844 };

// One lab of its own, for these begin where a new user begins: with nothing measured.
test.describe.configure({ mode: 'serial' });

let lab: Lab;
let first: string;
let second: string;

test.beforeAll(async () => {
  lab = await startLab();
});

test.afterAll(async () => {
  await lab?.stop();
});

/** Opens the launch form for a scenario and lasts it so long. */
async function prefilled(page: Page, scenario: string, duration: string, more = ''): Promise<void> {
  await page.goto(`${lab.url}/launch?suite=mita&scenario=${scenario}&duration=${duration}${more}`);
}

/** Seconds that the header of a live run says have passed. */
async function passed(page: Page): Promise<number> {
  const text = (await page.locator('#live-pace b').textContent()) ?? '0:00';
  const [minutes, seconds] = text.split(':').map(Number);
  return minutes * 60 + seconds;
}

test('from the empty lab the first run takes two clicks; it is watched live, and a reload in the middle loses nothing', async ({ page }) => {
  test.setTimeout(90_000);
  await page.goto(lab.url);
  await expect(page.getByText('Nothing has been measured yet.')).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('link', { name: 'Start the first run' }).click();
  await expect(page.getByLabel('Scenario')).toHaveValue('smoke');
  await awake(page);
  // Shortened, so that the test does not take the two minutes of the scenario.
  await page.getByLabel('Duration').fill('20s');
  // What starts is what the page says will start, so the page has to say it first.
  await expect(page.locator('#launch-answer')).toContainText('20s');
  await page.getByRole('button', { name: 'Start run' }).click();
  await page.waitForURL(/\/runs\//);
  first = page.url();
  // It may wait a moment for the worker; the page then turns live by itself.
  await expect(page.locator('#live-state')).toHaveText('Running', { timeout: 30_000 });
  const line = page.locator('#chart-rate svg').first().locator('[data-series]').last();
  await expect(line).toHaveAttribute('points', / /);
  const before = (await line.getAttribute('points'))?.length ?? 0;
  await expect.poll(async () => (await line.getAttribute('points'))?.length ?? 0).toBeGreaterThan(before);
  const seen = await passed(page);
  await page.reload();
  await expect.poll(() => passed(page)).toBeGreaterThan(seen);
  await expect(page.locator('#chart-rate svg').first().locator('[data-series]').first()).toHaveAttribute('points', / /);
});

test('the launch form says at the field what is wrong with it, and why Start waits', async ({ page }) => {
  await prefilled(page, 'smoke', '20s');
  await awake(page);
  await page.getByLabel('Users', { exact: true }).fill('1000000');
  const start = page.getByRole('button', { name: 'Start run' });
  await expect(start).toHaveAttribute('aria-disabled', 'true');
  await expect(start).toHaveAccessibleDescription(/Cannot start/);
  await expect(page.getByLabel('Users', { exact: true })).toHaveAccessibleDescription(/above the cap of 2,?000.*Ask for/);
  await expect(page.getByLabel('Users', { exact: true })).toHaveValue('1000000');
  await expectAccessible(page);
  await page.getByLabel('Users', { exact: true }).fill('5');
  await expect(start).not.toHaveAttribute('aria-disabled');
});

test('when it ends, its page turns into the verdict with its ledger', async ({ page }) => {
  await page.goto(first);
  const verdict = page.getByRole('region', { name: 'Verdict' });
  await expect(verdict).toBeVisible({ timeout: 60_000 });
  await expect(verdict).toContainText(/Excellent|Issues|Critical|Inconclusive/);
  await expect(verdict).toContainText('error_rate < 5%');
  await expect(verdict).toContainText('Can the numbers be trusted?');
  await expectAccessible(page);
});

test('every part of the run has its own address', async ({ page }) => {
  await page.goto(first);
  const parts = page.getByRole('navigation', { name: 'Parts of this run' });
  for (const [part, heading] of [
    ['Endpoints', 'Endpoints'],
    ['Timeline', 'Timeline'],
    ['Distribution', 'Distribution'],
    ['Errors', 'Errors'],
    ['Config', 'Suite'],
    ['Logs', 'Log'],
  ]) {
    await parts.getByRole('link', { name: part }).click();
    await expect(page).toHaveURL(new RegExp(`tab=${part.toLowerCase()}$`));
    await expect(parts.getByRole('link', { name: part })).toHaveAttribute('aria-current', 'page');
    await expect(page.getByRole('heading', { name: heading, exact: true })).toBeVisible();
    await expectAccessible(page);
  }
});

test('numbers and charts leave the lab as files', async ({ page }) => {
  await page.goto(first);
  const why = await page.getByRole('link', { name: 'why, as JSON' }).getAttribute('href');
  const summary = await page.request.get(`${lab.url}${why}`);
  expect((await summary.json()).schema).toBe('perflab.summary/1');
  const chart = await page.request.get(`${first}/charts/latency.svg`);
  expect(await chart.text()).toMatch(/^<svg[\s\S]*<\/svg>\s*$/);
  const table = await page.request.get(`${first}/charts/latency.csv`);
  expect((await table.text()).split('\n')[0]).toBe('second,p99_ms,p95_ms,p50_ms,mean_ms,seconds');
});

test('a second run on the same environment says what it waits for, and can be stopped', async ({ page, context }) => {
  await prefilled(page, 'smoke', '60s');
  await awake(page);
  await page.getByRole('button', { name: 'Start run' }).click();
  await page.waitForURL(/\/runs\//);
  second = page.url();
  await expect(page.locator('#live-state')).toHaveText('Running', { timeout: 30_000 });
  await expectAccessible(page);
  await expect(page.getByRole('heading', { name: 'Can the numbers be trusted?' })).toBeVisible();

  const late = await context.newPage();
  await late.goto(second);
  await expect.poll(() => passed(late)).toBeGreaterThan(0);
  // Somebody who comes late sees the same seconds as who was there from the start.
  await expect.poll(async () => Math.abs((await passed(late)) - (await passed(page)))).toBeLessThanOrEqual(2);
  // The trend below draws runs with something measured: past the ramp (5 s) and the longest think time (8 s) there is.
  await expect.poll(() => passed(page), { timeout: 30_000 }).toBeGreaterThan(16);

  const waiting = await context.newPage();
  await prefilled(waiting, 'smoke', '20s');
  await expect(waiting.getByText('One run goes first.')).toBeVisible();
  await awake(waiting);
  await waiting.getByRole('button', { name: 'Start run' }).click();
  await expect(waiting.getByText('one run is ahead on local reference')).toBeVisible();
  await expectAccessible(waiting);
  await waiting.getByRole('button', { name: 'Cancel' }).click();
  await expect(waiting.locator('.state')).toHaveText('Stopped');

  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  for (const watching of [page, late]) {
    await expect(watching.getByRole('navigation', { name: 'Parts of this run' })).toBeVisible({ timeout: 45_000 });
    await expect(watching.getByText(/stopped/i).first()).toBeVisible();
  }
});

test('abort asks first', async ({ page }) => {
  await prefilled(page, 'smoke', '60s');
  await awake(page);
  await page.getByRole('button', { name: 'Start run' }).click();
  await expect(page.locator('#live-state')).toHaveText('Running', { timeout: 30_000 });
  await page.getByRole('button', { name: 'Abort', exact: true }).click();
  const question = page.getByRole('dialog', { name: 'Abort this run?' });
  await expect(question).toBeVisible();
  await question.getByRole('button', { name: 'Keep it running' }).click();
  await expect(question).toBeHidden();
  await page.getByRole('button', { name: 'Abort', exact: true }).click();
  await question.getByRole('button', { name: 'Abort now' }).click();
  await expect(page.getByRole('navigation', { name: 'Parts of this run' })).toBeVisible({ timeout: 20_000 });
});

test('the list knows all of them, and its query line narrows it', async ({ page }) => {
  await page.goto(lab.url);
  const table = page.locator('#runs-table');
  await expect(table.getByRole('link')).toHaveCount(4);
  await expectAccessible(page);
  await page.getByRole('searchbox', { name: 'Filter runs' }).fill('state:stopped');
  await page.getByRole('button', { name: 'Filter' }).click();
  await expect(page).toHaveURL(/q=state%3Astopped/);
  await expect(table.getByRole('link')).toHaveCount(3);
  await page.getByRole('searchbox', { name: 'Filter runs' }).fill('env:nowhere');
  await page.getByRole('button', { name: 'Filter' }).click();
  await expect(page.getByText('No run fits this query.').first()).toBeVisible();
  await page.goto(`${lab.url}/?q=colour:red`);
  await expect(page.getByText('`colour:` is no key of the list')).toBeVisible();
});

test('the trend shows the finished run and the stopped one, and leads to them', async ({ page }) => {
  await page.goto(`${lab.url}/trends?suite=mita&scenario=smoke&measure=latency_mean`);
  await expect(page.locator('figure svg').first()).toBeVisible();
  await expect(page.getByRole('link', { name: '#2', exact: true })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('link', { name: '#1', exact: true }).click();
  await expect(page).toHaveURL(first);
});

test('distribution and trend are read out by keyboard, value by value', async ({ page }) => {
  for (const [address, title, words] of [
    [`${first}?tab=distribution`, 'Distribution', /took no longer$/],
    [`${lab.url}/trends?suite=mita&scenario=smoke&measure=latency_mean`, 'Latency, mean', /^#2 .* ms .* UTC/],
  ] as const) {
    await page.goto(address);
    const slider = page.getByRole('slider', { name: new RegExp(`^${title}.*, value by value$`) });
    await slider.focus();
    await page.keyboard.press('End');
    await expect(slider).toHaveAttribute('aria-valuetext', words);
    await expect(page.locator('figure .readout').first()).toHaveText(words);
    await expectAccessible(page);
  }
});

test('run again brings the form back as it was', async ({ page }) => {
  await page.goto(first);
  await page.getByRole('link', { name: 'Run again' }).click();
  await expect(page.getByLabel('Scenario')).toHaveValue('smoke');
  await expect(page.getByLabel('Duration')).toHaveValue('20s');
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('the run page can be read, and the launch form works', async ({ page }) => {
    await page.goto(first);
    await expect(page.getByRole('region', { name: 'Verdict' })).toBeVisible();
    await expect(page.locator('#chart-latency svg').first()).toBeVisible();
    await expect(page.getByRole('heading', { name: 'Endpoints' })).toBeVisible();
    await prefilled(page, 'smoke', '20s');
    await page.getByLabel('Duration').fill('nonsense');
    await page.getByRole('button', { name: 'Update the preview' }).click();
    await expect(page.getByLabel('Duration')).toHaveValue('nonsense');
    await expect(page.getByLabel('Duration')).toHaveAccessibleDescription(/`nonsense` is not a time/);
    await page.getByLabel('Duration').fill('10s');
    await page.getByRole('button', { name: 'Update the preview' }).click();
    await page.getByRole('button', { name: 'Start run' }).click();
    await expect(page).toHaveURL(/\/runs\//);
    await expect(page.getByRole('heading', { level: 1 })).toContainText('smoke');
  });
});

for (const scheme of ['light', 'dark'] as const) {
  test.describe(`on a phone, ${scheme}`, () => {
    test.use({ viewport: PHONE, colorScheme: scheme });

    test('no page scrolls sideways', async ({ page }) => {
      for (const address of ['/', '/launch', '/trends?measure=latency_mean', new URL(first).pathname]) {
        await page.goto(`${lab.url}${address}`);
        await expectNoSidewaysScroll(page);
        await expectAccessible(page);
      }
    });
  });
}
