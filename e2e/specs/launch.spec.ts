import type { Page } from '@playwright/test';
import { awake, expect, expectAccessible, expectNoSidewaysScroll, test } from '../test';

const PHONE = { width: 390, height: 844 };

/** The launch form of a scenario, with its scripts awake. */
async function form(page: Page, query: string): Promise<void> {
  await page.goto(`/launch?${query}`);
  await awake(page);
}

test('another scenario asks for other numbers, and nothing typed for the first slips into them', async ({ page }) => {
  await form(page, 'suite=mita&scenario=smoke');
  await page.getByLabel('Users', { exact: true }).fill('50');
  await expect(page.locator('#launch-answer')).toContainText('50 users');
  await page.getByLabel('Scenario').selectOption('open_load');
  await expect(page.getByLabel('Highest rate')).toHaveValue('');
  await expect(page.getByLabel('At most in flight')).toHaveValue('');
  await expect(page.locator('#launch-answer')).toContainText('open_load');
});

test('what is typed is in the address, and survives a reload', async ({ page }) => {
  await form(page, 'suite=mita&scenario=smoke');
  await page.getByLabel('Duration').fill('45s');
  await expect(page).toHaveURL(/duration=45s/);
  await page.reload();
  await expect(page.getByLabel('Duration')).toHaveValue('45s');
});

test('a link with names that are not there says so at the fields, and keeps what can be kept', async ({ page }) => {
  await form(page, 'suite=mita&scenario=smok&env=gone&users=7');
  await expect(page.getByLabel('Scenario')).toHaveAccessibleDescription(/smok/);
  await expect(page.getByLabel('Environment')).toHaveAccessibleDescription(/gone/);
  await expectAccessible(page);
  await page.getByLabel('Scenario').selectOption('smoke');
  await page.getByLabel('Environment').selectOption({ index: 0 });
  await expect(page.getByLabel('Users', { exact: true })).toHaveValue('7');
});

test('a tag that is too long is told at its field', async ({ page }) => {
  await form(page, 'suite=mita&scenario=smoke');
  const tags = page.getByLabel('Tags of the run, separated by blanks');
  await tags.fill('x'.repeat(70));
  await expect(tags).toHaveAttribute('aria-invalid', 'true');
  await tags.fill('rc.3');
  await expect(tags).not.toHaveAttribute('aria-invalid', 'true');
  await expect(tags).toBeFocused();
});

test('Start right after typing waits for what it would do, and starts just that', async ({ page }) => {
  await form(page, 'suite=mita&scenario=smoke');
  await page.getByLabel('Duration').fill('19s');
  await page.getByRole('button', { name: 'Start run' }).click();
  await page.waitForURL(/\/runs\//);
  const run = `/api/v1${new URL(page.url()).pathname}`;
  const asked = await (await page.request.get(run)).json();
  expect(asked.row.planned_seconds).toBe(19);
  await page.request.post(`${run}/abort`, { data: {}, headers: { 'content-type': 'application/json' } });
  // A page that is left while it turns into that of the ended run keeps the browser from closing.
  await expect(page.getByRole('navigation', { name: 'Parts of this run' })).toBeVisible({ timeout: 20_000 });
});

test('Start right after typing starts nothing that cannot be', async ({ page }) => {
  await form(page, 'suite=mita&scenario=smoke');
  await page.getByLabel('Users', { exact: true }).fill('1000000');
  await page.getByRole('button', { name: 'Start run' }).click();
  await expect(page.getByRole('button', { name: 'Start run' })).toHaveAttribute('aria-disabled', 'true');
  await expect(page).toHaveURL(/\/launch\?.*users=1000000/);
});

test('the preview of the load is read out by keyboard, also after it has changed', async ({ page }) => {
  await form(page, 'suite=mita&scenario=smoke');
  const preview = page.getByRole('slider', { name: 'Preview, value by value' });
  await preview.focus();
  await page.keyboard.press('End');
  await expect(preview).toHaveAttribute('aria-valuetext', /5 users planned/);
  await page.getByLabel('Users', { exact: true }).fill('7');
  await expect(page.locator('#launch-answer')).toContainText('7 users');
  await preview.focus();
  await page.keyboard.press('End');
  await expect(preview).toHaveAttribute('aria-valuetext', /7 users planned/);
  await expect(page.locator('#launch-preview .readout')).toContainText('7 users planned');
});

test.describe('on a phone in the dark', () => {
  test.use({ viewport: PHONE, colorScheme: 'dark' });

  test('a form with faults fits and is accessible', async ({ page }) => {
    await form(page, 'suite=mita&scenario=smoke&users=1000000');
    await expectNoSidewaysScroll(page);
    await expectAccessible(page);
  });
});
