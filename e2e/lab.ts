import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** The debug binary, which reads the site from `target/site`; `cargo xtask test` builds both. */
const BINARY = process.env.PERFLAB_BIN ?? resolve(__dirname, '../target/debug/perflab');

/** What the lab has to offer from the start. */
const SUITES = resolve(__dirname, '../suites');

/** Known to the reference target and to the workers that log in to it; it protects nothing. */
const PASSWORD = 'Load-test-only-1!';

const PATIENCE_MS = 30_000;

/** A lab with its own reference target and its own, empty data. */
export interface Lab {
  url: string;
  targetUrl: string;
  stop(): Promise<void>;
}

/** What differs from the usual lab. */
export interface Options {
  /** Faults of the reference target. */
  faults?: object;
  /** A year of demo runs, in a project of its own. */
  history?: boolean;
  /** Nothing listens where the target should be. */
  down?: boolean;
}

/** Starts a reference target and a lab on free ports of the loopback interface. */
export async function startLab(options: Options = {}): Promise<Lab> {
  if (!existsSync(BINARY)) {
    throw new Error(`there is no ${BINARY}: build it with \`cargo build --package perflab-server\``);
  }
  const data = mkdtempSync(join(tmpdir(), 'perflab-e2e-'));
  const started: Service[] = [];
  const stop = async () => {
    for (const service of started.reverse()) {
      await service.stop();
    }
    rmSync(data, { recursive: true, force: true });
  };
  try {
    // A port that was free a moment ago may be given to anybody, and a client that asks there often enough gets it as its
    // own port, and so itself as the target. The lowest one is nobody's.
    const target = options.down ? '127.0.0.1:1' : `127.0.0.1:${await freePort()}`;
    if (!options.down) {
      const service = new Service('target', join(data, 'target.log'), [
        'target', 'serve', '--listen', target, '--in-memory', '--hash-cost', '4', '--load-users', '200',
        '--faults', JSON.stringify(options.faults ?? {}),
      ]);
      started.push(service);
      await service.answers(`http://${target}/`);
    }

    if (options.history) {
      // Written before the lab begins: nobody else may have its database then.
      execFileSync(BINARY, ['demo-data', '--data-dir', join(data, 'lab')], { env: ownEnvironment(), timeout: 240_000 });
    }
    const listen = `127.0.0.1:${await freePort()}`;
    const service = new Service('lab', join(data, 'lab.log'), [
      'serve', '--listen', listen, '--data-dir', join(data, 'lab'), '--project', 'MITA',
      '--environment', 'local reference', '--target', `http://${target}`, '--suites', SUITES,
      // Its own turn: another lab's run on this machine must not keep this one's waiting.
    ], { PERFLAB_HOST_LOCK: join(data, 'host.lock') });
    started.push(service);
    await service.answers(`http://${listen}/`);
    return { url: `http://${listen}`, targetUrl: `http://${target}`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A child process, stopped by its own id. */
class Service {
  private readonly child: ChildProcess;
  private readonly ended: Promise<void>;

  constructor(
    private readonly name: string,
    private readonly log: string,
    args: string[],
    more: Record<string, string> = {},
  ) {
    const out = openSync(log, 'w');
    this.child = spawn(BINARY, args, {
      env: { ...ownEnvironment(), LOAD_PW: PASSWORD, ...more },
      stdio: ['ignore', out, out],
    });
    closeSync(out);
    this.ended = new Promise((done) => {
      this.child.once('exit', () => done());
      this.child.once('error', () => done());
    });
  }

  /** Waits until the service answers; an error holds the end of what it wrote. */
  async answers(url: string): Promise<void> {
    const until = Date.now() + PATIENCE_MS;
    while (Date.now() < until && this.child.exitCode === null) {
      try {
        await fetch(url);
        return;
      } catch {
        await new Promise((done) => setTimeout(done, 100));
      }
    }
    const why = this.child.exitCode === null ? 'does not answer' : `ended with ${this.child.exitCode}`;
    throw new Error(`the ${this.name} ${why}:\n${readFileSync(this.log, 'utf8').slice(-4_000)}`);
  }

  async stop(): Promise<void> {
    const late = setTimeout(() => this.child.kill('SIGKILL'), 15_000);
    this.child.kill('SIGTERM');
    await this.ended;
    clearTimeout(late);
  }
}

/** Ours, without the settings of another lab that somebody may have exported. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PERFLAB_')));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done, failed) => {
    server.once('error', failed);
    server.listen(0, '127.0.0.1', done);
  });
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === 'string') {
    throw new Error('a listening socket has a port');
  }
  return address.port;
}
