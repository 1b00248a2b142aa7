import { expect, expectAccessible, expectNoSidewaysScroll, test } from '../test';

const PHONE = { width: 390, height: 844 };

test('the guides are read in the app, and none of their links leads nowhere', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Docs' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Docs');
  await expectAccessible(page);
  const guides = await page.locator('.guides a').evaluateAll((links) => links.map((link) => link.getAttribute('href') ?? ''));
  expect(guides).toContain('/docs/timing');
  for (const guide of guides.filter((href) => href.startsWith('/docs/'))) {
    await page.goto(guide);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await expectAccessible(page);
    const addresses = await page.locator('.prose a, .contents a').evaluateAll((links) =>
      links.map((link) => (link as HTMLAnchorElement).href),
    );
    for (const address of new Set(addresses.filter((href) => href.startsWith(new URL(page.url()).origin)))) {
      const { pathname, hash } = new URL(address);
      if (pathname === new URL(page.url()).pathname) {
        await expect(page.locator(`[id="${decodeURIComponent(hash.slice(1))}"]`), address).toHaveCount(1);
      } else {
        expect((await page.request.get(address)).status(), address).toBe(200);
      }
    }
  }
});

test('a guide fits a phone', async ({ page }) => {
  await page.setViewportSize(PHONE);
  for (const guide of ['suites', 'timing', 'suite-keys', 'thresholds']) {
    await page.goto(`/docs/${guide}`);
    await expectNoSidewaysScroll(page);
  }
});

test.describe('a guide that does not exist', () => {
  test.use({ expectedComplaints: [/status of 404/] });

  test('is not found', async ({ page }) => {
    const reply = await page.goto('/docs/no-such-guide');
    expect(reply?.status()).toBe(404);
  });
});
