import { awake, expect, expectAccessible, expectNoSidewaysScroll, test } from '../test';

const PHONE = { width: 390, height: 844 };

test('the start page names the lab and leads to its places', async ({ page }) => {
  await page.goto('/');
  await expect(page).toHaveTitle(/perflab$/);
  await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
  const places = page.getByRole('navigation', { name: 'Main' });
  await expect(places.getByRole('link', { name: 'Runs' })).toHaveAttribute('aria-current', 'page');
  await expect(places.getByRole('link', { name: 'Trends' })).toBeVisible();
  await expect(page.getByRole('banner').getByRole('link', { name: 'New run' })).toBeVisible();
});

test('the keyboard reaches the content in one step', async ({ page }) => {
  await page.goto('/');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/#main$/);
});

test('a chosen theme takes effect at once, without asking the server', async ({ page }) => {
  await page.goto('/');
  await awake(page);
  const posts: string[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST') {
      posts.push(request.url());
    }
  });
  await page.getByRole('button', { name: 'Dark' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(page.getByRole('button', { name: 'Dark' })).toHaveAttribute('aria-pressed', 'true');
  await page.getByRole('button', { name: 'As the system' }).click();
  await expect(page.locator('html')).not.toHaveAttribute('data-theme');
  expect(posts).toEqual([]);
});

test('a chosen theme is in the first byte of the next page, so nothing flashes', async ({ page }) => {
  await page.goto('/');
  await awake(page);
  await page.getByRole('button', { name: 'Dark' }).click();
  const next = await page.request.get('/');
  expect(await next.text()).toMatch(/<html[^>]* data-theme="dark"/);
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(page.getByRole('button', { name: 'Dark' })).toHaveAttribute('aria-pressed', 'true');
});

for (const theme of ['Light', 'Dark']) {
  test(`the shell has no accessibility faults in ${theme.toLowerCase()} colours`, async ({ page }) => {
    await page.goto('/');
    await awake(page);
    await page.getByRole('button', { name: theme }).click();
    await expectAccessible(page);
  });
}

test('a phone needs no sideways scrolling', async ({ page }) => {
  await page.setViewportSize(PHONE);
  await page.goto('/');
  await expectNoSidewaysScroll(page);
});

test.describe('an address that leads nowhere', () => {
  test.use({ expectedComplaints: [/status of 404/] });

  test('says so and leads back', async ({ page }) => {
    const reply = await page.goto('/no/such/page');
    expect(reply?.status()).toBe(404);
    await expect(page.getByRole('heading', { name: 'Not found' })).toBeVisible();
    await page.getByRole('link', { name: 'All runs' }).click();
    await expect(page).toHaveURL(/\/$/);
  });
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('the shell is readable and the theme can be chosen', async ({ page }) => {
    await page.goto('/');
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await page.getByRole('button', { name: 'Dark' }).click();
    await expect(page).toHaveURL(/\/$/);
    await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  });
});
