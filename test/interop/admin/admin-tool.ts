import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Child } from '../../support/child.js';
import { waitUntil } from '../../support/wait-until.js';
import { type ApacheVersion, apacheClassPath, javaFlags } from '../apache/distribution.js';

/** What one mqadmin command printed. */
export interface AdminResult {
  readonly output: string;
  readonly error: string;
  /**
   * Why the command counts as failed, which mqadmin itself tells nobody: the first line of the stack trace that it printed, or
   * `exit n` when it would have ended the process (unknown options), or that it does not know the command.
   */
  readonly failure?: string | undefined;
}

/** Runs commands at one set of name servers. */
export interface AdminCommands {
  /** Runs one command, as typed on the command line. Never rejects for what the command itself says; see `failure`. */
  run(command: string, ...args: readonly string[]): Promise<AdminResult>;
  /** What the command printed; rejects when it failed. */
  output(command: string, ...args: readonly string[]): Promise<string>;
}

export interface AdminToolOptions {
  /** Kept as ROCKETMQ_HOME and as the user's home. */
  readonly home: string;
}

const startLimitMs = 60_000;
/** Longest command; several wait for a time-out of the client on their way. */
const commandLimitMs = 60_000;

/** The official mqadmin of a version in one JVM that stays up; commands run one after the other (AdminTool.java). */
export class AdminTool implements AdminCommands {
  readonly name: string;
  readonly #namesrvAddr: string;
  readonly #child: Child;
  readonly #pending = new Map<string, { resolve(result: AdminResult): void; reject(error: Error): void }>();
  #isReady = false;
  #lastId = 0;

  private constructor(version: ApacheVersion, namesrvAddr: string, home: string) {
    this.name = `mqadmin ${version}`;
    this.#namesrvAddr = namesrvAddr;
    const conf = join(home, 'conf');
    mkdirSync(conf, { recursive: true });
    writeFileSync(join(conf, 'logback_tools.xml'), '<configuration><root level="OFF"/></configuration>');
    const flags = [
      ...javaFlags,
      '-Xmx256m',
      // Short commands end before a second compiler pays off.
      '-XX:TieredStopAtLevel=1',
      '-XX:+UseSerialGC',
      '-Djava.security.manager=allow',
      `-Duser.home=${home}`,
      '-Duser.timezone=UTC',
      '-Duser.language=en',
    ];
    this.#child = new Child('java', [...flags, '-cp', apacheClassPath(version), 'AdminTool'], {
      env: { ...process.env, ROCKETMQ_HOME: home, NAMESRV_ADDR: '', TZ: 'UTC' },
      // Some commands write files where they are.
      cwd: home,
    });
    if (this.#child.process.stdout === null) throw new Error('no standard output');
    createInterface({ input: this.#child.process.stdout }).on('line', (line) => this.#onLine(line));
    void this.#child.exited.then((exit) => {
      for (const call of this.#pending.values()) call.reject(new Error(`${this.name} ended (${exit}):\n${this.#child.output}`));
      this.#pending.clear();
    });
  }

  /** Commands go to the name servers `namesrvAddr` (`host:port;host:port`) unless they say `-n` themselves. */
  static async start(version: ApacheVersion, namesrvAddr: string, options: AdminToolOptions): Promise<AdminTool> {
    const tool = new AdminTool(version, namesrvAddr, options.home);
    await waitUntil(`${tool.name} is ready`, startLimitMs, () => {
      if (tool.#child.exit !== undefined) throw new Error(tool.#child.output);
      return tool.#isReady;
    });
    return tool;
  }

  run(command: string, ...args: readonly string[]): Promise<AdminResult> {
    return this.#run(this.#namesrvAddr, command, args);
  }

  output(command: string, ...args: readonly string[]): Promise<string> {
    return this.#output(this.#namesrvAddr, command, args);
  }

  /** The same JVM at other name servers. */
  at(namesrvAddr: string): AdminCommands {
    return {
      run: (command, ...args) => this.#run(namesrvAddr, command, args),
      output: (command, ...args) => this.#output(namesrvAddr, command, args),
    };
  }

  async #output(namesrvAddr: string, command: string, args: readonly string[]): Promise<string> {
    const { output, error, failure } = await this.#run(namesrvAddr, command, args);
    if (failure !== undefined) throw new Error(`${this.name} ${command}: ${failure}\n${output}\n${error}`);
    return output;
  }

  async #run(namesrvAddr: string, command: string, args: readonly string[]): Promise<AdminResult> {
    this.#lastId += 1;
    const id = String(this.#lastId);
    const words = args.includes('-n') ? args : ['-n', namesrvAddr, ...args];
    const result = new Promise<AdminResult>((resolve, reject) => {
      const limit = setTimeout(() => {
        this.#pending.delete(id);
        reject(new Error(`${this.name}: no end of ${command} within ${commandLimitMs} ms`));
      }, commandLimitMs);
      this.#pending.set(id, {
        resolve: (value) => {
          clearTimeout(limit);
          resolve(value);
        },
        reject: (error) => {
          clearTimeout(limit);
          reject(error);
        },
      });
    });
    this.#child.process.stdin?.write(`${[id, command, ...words].map(encodeURIComponent).join(' ')}\n`);
    return result;
  }

  async stop(): Promise<void> {
    this.#child.process.stdin?.end();
    await this.#child.kill('SIGKILL');
  }

  #onLine(line: string): void {
    if (line === 'ready') this.#isReady = true;
    const [kind, id = '', output = '', error = '', exit] = line.split(' ');
    const call = this.#pending.get(id);
    if (kind !== 'done' || call === undefined) return;
    this.#pending.delete(id);
    call.resolve(resultOf(decoded(output), decoded(error), exit));
  }
}

function decoded(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}

const stackFrame = /^\tat [\w.$/<>]+\(/m;

function resultOf(output: string, error: string, exit: string | undefined): AdminResult {
  if (exit !== undefined) return { output, error, failure: `exit ${exit}` };
  const trace = [error, output].find((text) => stackFrame.test(text));
  if (trace !== undefined) return { output, error, failure: exceptionOf(trace) };
  if (/^The sub command .* not exist\.$/m.test(output)) return { output, error, failure: output.trim() };
  return { output, error };
}

/** The innermost cause that the trace names: mqadmin wraps everything in a SubCommandException. */
function exceptionOf(trace: string): string {
  const lines = trace.split('\n');
  const cause = lines.findLast((line) => line.startsWith('Caused by: '));
  const first = lines[lines.findIndex((line) => stackFrame.test(line)) - 1];
  return (cause?.slice('Caused by: '.length) ?? first ?? 'a stack trace').trim();
}
