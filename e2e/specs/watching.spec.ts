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

/** What the header of the live page says has passed. */
function clock(page: Page) {
  return page.locator('#live-pace b');
}

test('a live page can be paused by keyboard, stays as it is, and catches up', async ({ page, context }) => {
  await open(page);
  const button = page.locator('.livebar .pause');
  const room = await button.boundingBox();
  await page.getByRole('button', { name: 'Pause updates' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Resume updates' })).toBeFocused();
  await expect(page.getByText('Updates are paused')).toBeAttached();
  expect(await button.boundingBox()).toEqual(room);
  await expectAccessible(page);

  const stood = (await clock(page).textContent()) ?? '';
  const other = await context.newPage();
  await open(other);
  // The run goes on: another page shows it.
  const then = (await clock(other).textContent()) ?? '';
  await expect(clock(other)).not.toHaveText(then);
  await expect(clock(other)).not.toHaveText(stood);
  await expect(clock(page)).toHaveText(stood);

  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Pause updates' })).toBeFocused();
  await expect(clock(page)).not.toHaveText(stood);
  const line = page.locator('#chart-rate svg').first().locator('[data-now]');
  const drawn = Number(await line.getAttribute('data-now'));
  await expect.poll(async () => Number(await line.getAttribute('data-now'))).toBeGreaterThan(drawn);
});

test('the list of runs can be paused as well', async ({ page, context }) => {
  await page.goto(lab.url);
  const passed = page.locator('#runs-overview .now .faint').first();
  await page.getByRole('button', { name: 'Pause updates' }).click();
  await expect(page.getByRole('button', { name: 'Resume updates' })).toBeVisible();
  const stood = (await passed.textContent()) ?? '';
  const other = await context.newPage();
  await open(other);
  const then = (await clock(other).textContent()) ?? '';
  await expect(clock(other)).not.toHaveText(then);
  await expect(passed).toHaveText(stood);
  await page.getByRole('button', { name: 'Resume updates' }).click();
  await expect(passed).not.toHaveText(stood);
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
    // Such a page does not change by itself: it is looked at again until the run has numbers.
    await expect(async () => {
      await page.goto(live);
      await expect(page.locator('#live-numbers')).toContainText('p95', { timeout: 1_000 });
    }).toPass({ timeout: 45_000 });
    await expect(page.locator('#chart-latency svg').first()).toBeVisible();
    await expect(page.getByRole('heading', { name: 'Can the numbers be trusted?' })).toBeVisible();
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await expect(async () => {
      await page.goto(live);
      await expect(page.getByRole('region', { name: 'Verdict' })).toContainText(/stopped/i, { timeout: 1_000 });
    }).toPass({ timeout: 45_000 });
  });
});
