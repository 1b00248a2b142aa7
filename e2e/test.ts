import AxeBuilder from '@axe-core/playwright';
import { type Page, expect, test as base } from '@playwright/test';

export { expect };

interface Fixtures {
  /** What the browser may complain about in this test, such as the status of a page that is not there. */
  expectedComplaints: RegExp[];
  /** Fails the test when the browser complained: console errors, exceptions, blocked content. */
  quiet: void;
}

/** Every test also fails when its page logs an error or when its policy blocks anything. */
export const test = base.extend<Fixtures>({
  expectedComplaints: [[], { option: true }],
  quiet: [
    async ({ context, expectedComplaints }, use) => {
      const complaints: string[] = [];
      context.on('console', (message) => {
        if (message.type() === 'error') {
          complaints.push(`console: ${message.text()}`);
        }
      });
      context.on('weberror', (error) => complaints.push(`exception: ${error.error().message}`));
      context.on('request', (request) => {
        if (new URL(request.url()).pathname === '/csp-report') {
          complaints.push(`blocked: ${request.postData()}`);
        }
      });
      await use();
      const unexpected = complaints.filter((text) => !expectedComplaints.some((expected) => expected.test(text)));
      expect(unexpected, 'what the browser complained about').toEqual([]);
    },
    { auto: true },
  ],
});

/** Waits until the page's islands react. */
export async function awake(page: Page): Promise<void> {
  await page.locator('form[data-awake]').waitFor();
}

/** Fails when the page, as it is now, has a fault that keeps people from using it. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map((node) => node.html).join('\n  ')}`);
  expect(found, 'accessibility').toEqual([]);
}

/** Fails when the page is wider than the window. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(over, 'pixels to scroll sideways').toBeLessThanOrEqual(0);
}
