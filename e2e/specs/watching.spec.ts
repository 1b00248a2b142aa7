import type { Page } from '@playwright/test';
import { type Lab, startLab } from '../lab';
import { expect, expectAccessible, expectNoSidewaysScroll, test } from '../test';

const PHONE = { width: 390, height: 844 };

test.describe.configure({ mode: 'serial' });

let lab: Lab;
let live: string;

test.beforeAll(async () => {
  lab = await startLab();
});

test.afterAll(async () => {
  await lab?.stop();
});

/** A run that lasts as long as the tests here, launched by the API. */
test.beforeAll(async () => {
  const reply = await fetch(`${lab.url}/api/v1/runs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': 'watching' },
    body: JSON.stringify({ suite: 'mita', scenario: 'open_load', overrides: { rate: 20, duration: '4m' } }),
  });
  expect(reply.status).toBe(202);
  live = `${lab.url}/runs/${(await reply.json()).number}`;
});

async function open(page: Page): Promise<void> {
  await page.goto(live);
  await expect(page.locator('#live-state')).toHaveText('Running', { timeout: 30_000 });
  await expect(page.locator('#live-numbers')).toContainText('p95', { timeout: 20_000 });
}

test('starts stand beside their plan, and requests apart from them', async ({ page }) => {
  await open(page);
  await expect(page.locator('#live-numbers')).toContainText(/Starts.*of .*\/s planned/);
  await expect(page.locator('#live-numbers')).toContainText('Requests');
});

for (const [name, viewport] of [['a desk', { width: 1280, height: 900 }], ['a phone', PHONE]] as const) {
  for (const scheme of ['light', 'dark'] as const) {
    test.describe(`at ${name}, ${scheme}`, () => {
      test.use({ viewport, colorScheme: scheme });

      test('a live run is accessible and needs no sideways scrolling', async ({ page }) => {
        await open(page);
        await expectNoSidewaysScroll(page);
        await expectAccessible(page);
      });
    });
  }
}

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('a live run can be read and stopped', async ({ page }) => {
    await page.goto(live);
    await expect(page.locator('#live-numbers')).toContainText('p95');
    await expect(page.locator('#chart-latency svg').first()).toBeVisible();
    await expect(page.getByRole('heading', { name: 'Can the numbers be trusted?' })).toBeVisible();
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await expect(async () => {
      await page.goto(live);
      await expect(page.getByRole('region', { name: 'Verdict' })).toContainText(/stopped/i, { timeout: 1_000 });
    }).toPass({ timeout: 45_000 });
  });
});
