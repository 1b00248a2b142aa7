import type { Page } from '@playwright/test';
import { type Lab, startLab } from '../lab';
import { expect, expectAccessible, test } from '../test';

/** Runs a short smoke test on a lab, and opens its page once it has ended. */
async function run(page: Page, lab: Lab): Promise<void> {
  const reply = await fetch(`${lab.url}/api/v1/runs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': 'trouble' },
    body: JSON.stringify({ suite: 'mita', scenario: 'smoke', overrides: { users: 40, spawn_rate: 40, duration: '15s' } }),
  });
  expect(reply.status).toBe(202);
  const { id, number } = await reply.json();
  const ended = await fetch(`${lab.url}/api/v1/runs/${id}?wait=60s`);
  expect((await ended.json()).row.state).toBe('finished');
  await page.goto(`${lab.url}/runs/${number}`);
}

for (const { name, options, verdict, sentence } of [
  {
    name: 'is down',
    options: { down: true },
    verdict: 'Inconclusive',
    sentence: /never answered/,
  },
  {
    name: 'answers 500',
    options: { faults: { errors: { rate: 1, status: 500 } } },
    // On a host that is busy with other work the numbers may be doubted on top of it.
    verdict: /Critical|Inconclusive/,
    sentence: /5xx|500|failed/,
  },
  {
    name: 'is slow',
    options: { faults: { latency: { distribution: 'constant', ms: 700 } } },
    verdict: /Issues|Inconclusive/,
    sentence: /P95|p95|ms/,
  },
]) {
  test(`the page of a run whose target ${name} says so in a sentence`, async ({ page }) => {
    test.setTimeout(120_000);
    const lab = await startLab(options);
    try {
      await run(page, lab);
      const box = page.getByRole('region', { name: 'Verdict' });
      await expect(box).toContainText(verdict);
      await expect(box).toContainText(sentence);
      await expectAccessible(page);
    } finally {
      await lab.stop();
    }
  });
}
