import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child } from './child.js';
import { waitUntil } from './wait-until.js';

const mqbroker = join(dirname(fileURLToPath(import.meta.url)), '../../node_modules/.bin/mqbroker');
const startLimitMs = 30_000;

export interface BrokerProcessOptions {
  /** Holds `broker.conf` and, by default, the store. */
  readonly directory: string;
  readonly port: number;
  readonly config?: Readonly<Record<string, string>>;
  /** Before the command: to load something into the process first. */
  readonly nodeFlags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** The command `mqbroker` without a NameServer, not yet awaited. */
export function runBroker(options: BrokerProcessOptions): Child {
  const { directory, port, nodeFlags = [], env = {} } = options;
  mkdirSync(directory, { recursive: true });
  const config: Record<string, string> = {
    brokerName: 'broker-a',
    listenPort: String(port),
    storePathRootDir: join(directory, 'store'),
    mappedFileSizeCommitLog: '67108864',
    ...options.config,
  };
  const file = join(directory, 'broker.conf');
  writeFileSync(
    file,
    Object.entries(config)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );
  return new Child(process.execPath, [...nodeFlags, mqbroker, '-c', file], { env: { ...process.env, NAMESRV_ADDR: '', ...env } });
}

/** The same, ready to serve. */
export async function startBroker(options: BrokerProcessOptions): Promise<Child> {
  const child = runBroker(options);
  await child.listening(options.port, startLimitMs);
  return child;
}

/** Status and output of a process that ends by itself. */
export async function ended(
  child: Child,
  limitMs = startLimitMs,
): Promise<{ readonly status: number | string; readonly output: string }> {
  const status = await waitUntil(`the process ends\n${child.output}`, limitMs, () => child.exit);
  return { status, output: child.output };
}
