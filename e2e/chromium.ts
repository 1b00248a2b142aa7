import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Names under which distributions install Chromium. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** The system's Chromium: `$CHROMIUM`, `/usr/bin/chromium`, or the first of its names in `$PATH`. */
export function chromium(): string {
  const fixed = [process.env.CHROMIUM, '/usr/bin/chromium'].find((path) => path && existsSync(path));
  if (fixed) {
    return fixed;
  }
  for (const name of NAMES) {
    try {
      return execFileSync('which', [name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    } catch {
      // Not under this name; the next one may be there.
    }
  }
  throw new Error('no Chromium found: install it (Debian: apt-get install chromium) or set CHROMIUM to its path');
}
