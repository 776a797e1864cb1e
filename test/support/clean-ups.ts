import { temporaryDirectory } from './temporary-directory.js';

/** What a test has to give back, in the opposite order, whether it passes or fails. Call `run` in `afterEach`. */
export class CleanUps {
  readonly #actions: (() => Promise<unknown>)[] = [];

  add(action: () => Promise<unknown>): void {
    this.#actions.push(action);
  }

  async run(): Promise<void> {
    for (const action of this.#actions.splice(0).reverse()) await action();
  }

  /** A new directory that goes with the test. */
  async directory(label: string): Promise<string> {
    const created = await temporaryDirectory(label);
    this.add(() => created.remove());
    return created.path;
  }

  /** A process that is killed with the test if it still runs. */
  child<Process extends { readonly exit: unknown; kill(signal: 'SIGKILL'): Promise<unknown> }>(child: Process): Process {
    this.add(async () => {
      if (child.exit === undefined) await child.kill('SIGKILL');
    });
    return child;
  }
}
