import { awake, expect, expectAccessible, expectNoSidewaysScroll, test } from '../test';

const PHONE = { width: 390, height: 844 };

/** A short search: two levels of five seconds each, which the reference target bears with ease. */
const SHORT = 'suite=mita&scenario=open_load&from=20&to=40&hold=5s';

test('a search is started from what the form shows, followed, stopped, and found in the list', async ({ page }) => {
  test.setTimeout(120_000);
  await page.goto(`/capacity/new?${SHORT}`);
  await awake(page);
  await expect(page.locator('#capacity-answer')).toContainText('from 20/s to 40/s');
  await page.getByLabel('Highest rate').fill('30');
  await expect(page.locator('#capacity-answer')).toContainText('to 30/s');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Start search' }).click();
  await page.waitForURL(/\/capacity\/0/);
  await expect(page.locator('#capacity-answer')).toContainText('The first level, 20/s, is under way.');
  // The page follows by itself: the first level ends, the second begins.
  await expect(page.locator('#capacity-answer')).toContainText('1 level measured', { timeout: 60_000 });
  await expect(page.getByRole('link', { name: /Latency, p95 as SVG/ })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Stop the search' }).click();
  await expect(page.locator('#capacity-state')).toHaveText('Stopped', { timeout: 60_000 });
  await expect(page.locator('#capacity-answer')).toContainText('A person stopped the search');
  await page.goto('/');
  await expect(page.getByRole('link', { name: 'capacity search' }).first()).toBeVisible();
  await page.goto('/capacity');
  await expect(page.getByRole('cell', { name: 'Stopped' })).toBeVisible();
  await expectAccessible(page);
});

test('what is wrong is said at its field, and nothing can be started', async ({ page }) => {
  await page.goto('/capacity/new?suite=mita&scenario=stress&from=10&to=1000000');
  await expect(page.getByLabel('Most users')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByRole('button', { name: 'Start search' })).toHaveAttribute('aria-disabled', 'true');
});

test.describe('on a phone in the dark', () => {
  test.use({ viewport: PHONE, colorScheme: 'dark' });

  test('form and list fit and are accessible', async ({ page }) => {
    for (const address of [`/capacity/new?${SHORT}`, '/capacity']) {
      await page.goto(address);
      await expectNoSidewaysScroll(page);
      await expectAccessible(page);
    }
  });
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('the form shows the levels of what was typed', async ({ page }) => {
    await page.goto(`/capacity/new?${SHORT}`);
    await page.getByLabel('Highest rate').fill('30');
    await page.getByLabel('Highest rate').press('Enter');
    await expect(page).toHaveURL(/to=30/);
    await expect(page.getByRole('region', { name: 'Levels on the way up' })).toContainText('30/s');
  });
});
