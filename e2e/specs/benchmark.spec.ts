import { awake, expect, expectAccessible, expectNoSidewaysScroll, test } from '../test';

const PHONE = { width: 390, height: 844 };

/** Two cases of the income suite, shortened. */
const SHORT =
  'suite=income_classification_performance&cases=single_classification%2C+between_states&set%5BPERFORMANCE_ITERATIONS%5D=400';

test('a benchmark suite is launched from what the form shows, and each case says what it took', async ({ page }) => {
  test.setTimeout(120_000);
  await page.goto(`/launch?${SHORT}`);
  await awake(page);
  await expect(page.locator('#launch-answer')).toContainText('will measure 2 cases');
  await expect(page.getByRole('region', { name: 'Table of cases' })).toContainText('One income');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Start run' }).click();
  await page.waitForURL(/\/runs\/0/);
  await expect(page.getByRole('heading', { name: 'Verdict' })).toBeAttached({ timeout: 60_000 });
  const table = page.getByRole('region', { name: 'Table of cases' });
  await expect(table).toContainText('What another state costs');
  await expectAccessible(page);

  await table.getByRole('link', { name: 'What another state costs' }).click();
  await page.waitForURL(/case=between_states/);
  await expect(page.locator('.answer').last()).toContainText('The overhead is');
  await expect(page.getByRole('heading', { name: 'Difference of each pair' })).toBeVisible();
  await expectAccessible(page);
  const csv = await page.request.get(`${new URL(page.url()).pathname}/cases/between_states/charts/pairs.csv`);
  expect(await csv.text()).toMatch(/^pair,without_ns,with_ns,with_first\n1,/);
});

test('a suite is looked at, changed, refused with its line, and saved as its newest version', async ({ page }) => {
  await page.goto('/suites');
  await expect(page.locator('.answer')).toContainText('suites');
  await expectAccessible(page);
  await page.getByRole('link', { name: 'income_classification_performance', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Versions' })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('link', { name: 'Edit' }).click();
  const text = page.getByLabel('Text, YAML');
  const right = await text.inputValue();
  await text.fill(right.replace('cases:\n', 'casses:\n'));
  await page.getByRole('button', { name: 'Save as the newest version' }).click();
  await page.waitForURL(/\/drafts\/0/);
  await expect(page.locator('.answer')).toContainText('It cannot be used yet');
  await expect(page.locator('#draft-errors')).toContainText('casses');
  await expectAccessible(page);
  await text.fill(`# changed in the browser\n${right}`);
  await page.getByRole('button', { name: 'Save as the newest version' }).click();
  await page.waitForURL(/\/suites\/income/);
  await expect(page.locator('.diff')).toContainText('# changed in the browser');
  await expectAccessible(page);
});

test.describe('on a phone in the dark', () => {
  test.use({ viewport: PHONE, colorScheme: 'dark' });

  test('suites and their launch fit and are accessible', async ({ page }) => {
    for (const address of ['/suites', '/suites/income_classification_performance', '/drafts/new', `/launch?${SHORT}`, '/findings']) {
      await page.goto(address);
      await expectNoSidewaysScroll(page);
      await expectAccessible(page);
    }
  });
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('a text is checked all the same', async ({ page }) => {
    await page.goto('/drafts/new');
    await page.getByRole('button', { name: 'Check' }).click();
    await expect(page.locator('.answer')).toContainText('It can be used: load suite `my-suite`');
  });
});
