import { Child } from '../support/child.js';
import { waitUntil } from '../support/wait-until.js';

const startLimitMs = 60_000;

export interface NumbersOptions {
  readonly url: string;
  readonly sendCount?: number;
  readonly firstEndless?: number;
  readonly handlerMs?: number;
}

/** A running `numbers-app.ts`. */
export class NumbersProcess {
  readonly child: Child;

  private constructor(child: Child) {
    this.child = child;
  }

  static async start(options: NumbersOptions): Promise<NumbersProcess> {
    const { url, sendCount = 0, firstEndless = Number.POSITIVE_INFINITY, handlerMs = 0 } = options;
    const script = new URL('./numbers-app.ts', import.meta.url).pathname;
    const flags = ['--import', 'tsx', '--conditions=@orbitmq/source'];
    const started = new NumbersProcess(
      new Child(process.execPath, [...flags, script, url, String(sendCount), String(firstEndless), String(handlerMs)]),
    );
    await waitUntil('the application is ready', startLimitMs, () => {
      if (started.exit !== undefined) throw new Error(`the application ended (${started.exit}):\n${started.child.output}`);
      return /^ready$/m.test(started.child.output);
    });
    return started;
  }

  get exit(): number | string | undefined {
    return this.child.exit;
  }

  kill(signal: NodeJS.Signals): Promise<number | string> {
    return this.child.kill(signal);
  }

  /** The numbers it has said something about, in order, repetitions included. */
  said(what: 'sent' | 'begin' | 'end'): readonly number[] {
    return Array.from(this.child.output.matchAll(new RegExp(`^${what} (\\d+)$`, 'gm')), (match) => Number(match[1]));
  }
}
