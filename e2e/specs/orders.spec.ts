import { type Page } from '@playwright/test';
import { type Lab, startLab } from '../lab';
import { expect, expectAccessible, expectNoSidewaysScroll, test } from '../test';

const PHONE = { width: 390, height: 844 };

test.describe.configure({ mode: 'serial' });

let lab: Lab;
let live: string;

test.beforeAll(async () => {
  lab = await startLab();
  live = `${lab.url}/runs/${await launch('orders', '90s')}`;
});

test.afterAll(async () => {
  await lab?.stop();
});

/** Launches the adjustable scenario that ships, slowly, and gives the run's number. */
async function launch(key: string, duration: string): Promise<number> {
  const reply = await fetch(`${lab.url}/api/v1/runs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify({ suite: 'mita', scenario: 'open_load', overrides: { rate: 10, duration } }),
  });
  expect(reply.status).toBe(202);
  return (await reply.json()).number;
}

async function open(page: Page): Promise<void> {
  await page.goto(live);
  await expect(page.locator('#live-state')).toHaveText('Running', { timeout: 30_000 });
  await expect(page.locator('#live-numbers')).toContainText('p95', { timeout: 20_000 });
}

test('the rate of a live run is changed by keyboard, drawn and logged', async ({ page }) => {
  await open(page);
  const field = page.getByLabel('Change the rate by');
  await field.fill('5');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Less load' })).toBeFocused();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/runs\/[0-9a-f-]{36}$/);
  // The runner obeys within seconds; the chart and the log follow by themselves.
  await expect(page.locator('#chart-rate svg').first()).toContainText('+5/s', { timeout: 20_000 });
  await page.getByRole('navigation', { name: 'Details' }).getByRole('link', { name: 'Logs' }).click();
  await expect(page.locator('#live-table')).toContainText('+5/s was ordered by a person in the browser.');
  await expect(page.locator('#live-table')).toContainText(/\+5\/s counts from \d+:\d\d on/);
});

test('what would lead out of bounds is refused with the reason', async ({ page }) => {
  await open(page);
  await page.getByLabel('Change the rate by').fill('30000');
  await page.getByRole('button', { name: 'More load' }).click();
  await expect(page.getByRole('alert')).toContainText('above the cap of 20,000/s');
});

for (const [name, viewport] of [['a desk', { width: 1280, height: 900 }], ['a phone', PHONE]] as const) {
  for (const scheme of ['light', 'dark'] as const) {
    test.describe(`at ${name}, ${scheme}`, () => {
      test.use({ viewport, colorScheme: scheme });

      test('the control and the kill switch can be used by everybody', async ({ page }) => {
        await open(page);
        await expect(page.getByRole('button', { name: 'More load' })).toBeVisible();
        await expectNoSidewaysScroll(page);
        await expectAccessible(page);
        await page.goto(`${lab.url}/safety?ask=pull&scope=lab`);
        await expectNoSidewaysScroll(page);
        await expectAccessible(page);
      });
    });
  }
}

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('the rate is changed and the kill switch is pulled and released', async ({ page }) => {
    await page.goto(live);
    await page.getByLabel('Change the rate by').fill('2');
    await page.getByRole('button', { name: 'Less load' }).click();
    await expect(page.locator('#live-rate')).toContainText(/planned next/);

    await page.getByRole('contentinfo').getByRole('link', { name: /Safety/ }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Safety' })).toBeVisible();
    await page.getByRole('link', { name: 'Pull the kill switch of environment local reference' }).click();
    await expect(page.getByText(/Run #\d+ is aborted within 2 s/)).toBeVisible();
    await page.getByLabel(/Reason/).fill('a drill');
    await page.getByLabel(/Your name/).fill('Ada');
    await page.getByRole('button', { name: 'Pull the kill switch' }).click();
    const banner = page.getByRole('region', { name: 'Kill switch', exact: true });
    await expect(banner).toContainText('a drill');
    await expect(async () => {
      await page.goto(live);
      await expect(page.getByText(/kill switch of environment local reference, which Ada/)).toBeVisible({ timeout: 1_000 });
    }).toPass({ timeout: 30_000 });

    // Every page says it, and nothing can be launched.
    await page.goto(`${lab.url}/launch?suite=mita&scenario=open_load`);
    await expect(banner).toContainText('Ada in the browser');
    await page.goto(`${lab.url}/safety`);
    await page.getByRole('link', { name: 'Release the kill switch of environment local reference' }).click();
    await page.getByRole('button', { name: 'Release it' }).click();
    await expect(banner).toHaveCount(0);
    await expect(page.getByText('Released by a person in the browser.')).toBeVisible();
  });
});
