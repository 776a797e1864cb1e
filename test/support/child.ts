import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { waitUntil } from './wait-until.js';

const outputKeptMax = 200_000;

/** A child process whose output is kept for the message of a failing test, and which never outlives the test run. */
export class Child {
  readonly process: ChildProcess;
  readonly exited: Promise<number | string>;
  #output = '';
  #exit: number | string | undefined;

  constructor(command: string, args: readonly string[], options: SpawnOptions = {}) {
    this.process = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], ...options });
    this.exited = new Promise((resolve) => {
      this.process.once('error', (error) => this.#settle(String(error), resolve));
      this.process.once('close', (code, signal) => this.#settle(code ?? signal ?? 'unknown', resolve));
    });
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString()).slice(-outputKeptMax);
    };
    this.process.stdout?.on('data', keep);
    this.process.stderr?.on('data', keep);
    const killWithUs = (): void => void this.process.kill('SIGKILL');
    process.once('exit', killWithUs);
    void this.exited.then(() => process.off('exit', killWithUs));
  }

  #settle(exit: number | string, resolve: (exit: number | string) => void): void {
    this.#exit = exit;
    resolve(exit);
  }

  get output(): string {
    return this.#output;
  }

  /** Exit code or signal name; undefined while it runs. */
  get exit(): number | string | undefined {
    return this.#exit;
  }

  async kill(signal: NodeJS.Signals, limitMs = 30_000): Promise<number | string> {
    this.process.kill(signal);
    return waitUntil(`the process ends after ${signal}\n${this.#output}`, limitMs, () => this.#exit);
  }

  /** Waits until somebody listens on the port; fails at once when the process ends. */
  async listening(port: number, limitMs: number): Promise<void> {
    await waitUntil(`port ${port} answers`, limitMs, async () => {
      if (this.#exit !== undefined) throw new Error(`the process ended (${this.#exit}):\n${this.#output}`);
      return (await answers(port)) || undefined;
    });
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
