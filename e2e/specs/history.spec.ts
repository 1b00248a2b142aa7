import { type Lab, startLab } from '../lab';
import { expect, expectAccessible, expectNoSidewaysScroll, test } from '../test';

const PHONE = { width: 390, height: 844 };

/** The main branch of the demo history. */
const TREND = '/trends?project=demo%20history&suite=shop&scenario=nightly&env=night%20lab';

let lab: Lab;

test.beforeAll(async () => {
  // A year of runs is written by a debug build.
  test.setTimeout(300_000);
  lab = await startLab({ history: true });
});

test.afterAll(async () => lab.stop());

test('a trend says when its level moved, and by the keyboard a run is found and opened', async ({ page }) => {
  await page.goto(`${lab.url}${TREND}&request=checkout&measure=latency_p50`);
  await expect(page.locator('.answer')).toContainText('since run #');
  const changes = page.getByRole('listitem').filter({ hasText: 'Latency, p50 of checkout' });
  await expect(changes.first()).toContainText('%');
  await expect(page.getByText('worker class bench-2 instead of bench-1').last()).toBeVisible();
  await expectAccessible(page);

  const chart = page.getByRole('slider', { name: /value by value/ });
  await chart.focus();
  await page.keyboard.press('End');
  await expect(page.locator('.readout')).toContainText(/#\d+ .* ms \(/);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/runs\/0/);
});

test('a pattern draws each request, and the choice stands in the address', async ({ page }) => {
  await page.goto(`${lab.url}${TREND}`);
  await page.getByLabel('Endpoint or case').fill('*');
  await page.getByLabel('Second measure').selectOption({ label: 'Throughput' });
  await page.getByLabel('Axis').selectOption('commit');
  await page.getByRole('button', { name: 'Show' }).click();
  await page.waitForURL(/request=\*/);
  await expect(page.locator('.answer')).toContainText('4 series');
  await expect(page.getByRole('table', { name: '' }).first()).toBeVisible();
  await expect(page.getByRole('figure')).toHaveCount(2);
  await expectAccessible(page);
});

test('runs that are ticked in the list are compared, the reference is changed, all numbers are shown', async ({ page }) => {
  await page.goto(`${lab.url}/?q=nightly`);
  const ticks = page.getByRole('checkbox', { name: /^Compare nightly/ });
  await ticks.nth(0).check();
  await ticks.nth(1).check();
  await page.getByRole('button', { name: 'Compare' }).click();
  await page.waitForURL(/\/compare\?run=/);
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Compare #');
  await expect(page.locator('.answer').first()).toContainText(/change|slower|faster|shown/);
  await page.getByRole('link', { name: 'Compare the others with B' }).click();
  await page.waitForURL(/reference=2/);
  await page.getByRole('link', { name: 'All', exact: true }).click();
  await page.waitForURL(/show=all/);
  await expect(page.getByRole('cell', { name: /checkout/ }).first()).toBeVisible();
  await expectAccessible(page);
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('a trend is chosen and runs are compared all the same', async ({ page }) => {
    await page.goto(`${lab.url}${TREND}`);
    await page.getByLabel('Endpoint or case').fill('log*');
    await page.getByRole('button', { name: 'Show' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toContainText('log*');
    await page.goto(`${lab.url}/?q=nightly`);
    await page.getByRole('checkbox', { name: /^Compare nightly/ }).nth(0).check();
    await page.getByRole('checkbox', { name: /^Compare nightly/ }).nth(2).check();
    await page.getByRole('button', { name: 'Compare' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toContainText('Compare #');
  });
});

test.describe('on a phone in the dark', () => {
  test.use({ viewport: PHONE, colorScheme: 'dark' });

  test('trend and comparison fit', async ({ page }) => {
    await page.goto(`${lab.url}${TREND}&request=*`);
    await expectNoSidewaysScroll(page);
    await expectAccessible(page);
    await page.goto(`${lab.url}/?q=nightly`);
    await page.getByRole('checkbox', { name: /^Compare nightly/ }).nth(0).check();
    await page.getByRole('checkbox', { name: /^Compare nightly/ }).nth(1).check();
    await page.getByRole('button', { name: 'Compare' }).click();
    await page.waitForURL(/\/compare/);
    await expectNoSidewaysScroll(page);
    await expectAccessible(page);
  });
});
