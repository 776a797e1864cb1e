import { afterAll, beforeAll, describe, it } from 'vitest';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { apacheMissing } from './apache/distribution.js';
import type { InteropClient } from './interop-client.js';
import type { MqServer } from './mq-server.js';
import { independentScenarios, restartScenarios } from './scenarios.js';

export interface MatrixCell {
  readonly title: string;
  startServer(directory: string): Promise<MqServer>;
  startClient(server: MqServer, directory: string): Promise<InteropClient>;
  /** Whether one of the two comes from Apache. */
  readonly needsApache: boolean;
  /**
   * Both are Apache's: the scenarios themselves are shown. Offsets over a restart are left out there: 5.5.0 may lose first
   * offsets that come at once, and its own client neither orders them nor reads them back (`first-commits.ts`).
   */
  readonly isApacheAlone?: boolean;
}

const startLimitMs = 180_000;
const scenarioLimitMs = 180_000;

/** Runs every scenario for one pair of client and server. */
export function describeCell(cell: MatrixCell): void {
  const missing = cell.needsApache ? apacheMissing() : undefined;
  const title = missing === undefined ? cell.title : `${cell.title} (skipped: ${missing})`;
  describe.skipIf(missing !== undefined)(title, () => {
    let server: MqServer;
    let client: InteropClient;
    let directory: Awaited<ReturnType<typeof temporaryDirectory>>;

    beforeAll(async () => {
      directory = await temporaryDirectory('interop');
      server = await cell.startServer(directory.path);
      client = await cell.startClient(server, directory.path);
    }, startLimitMs);

    afterAll(async () => {
      await client?.stop();
      await server?.stop();
      await directory?.remove();
    }, startLimitMs);

    describe.concurrent('independent', () => {
      for (const scenario of independentScenarios) it(scenario.name, () => scenario.run({ server, client }), scenarioLimitMs);
    });
    if (cell.isApacheAlone === true) return;
    describe.sequential('alone', () => {
      for (const scenario of restartScenarios) it(scenario.name, () => scenario.run({ server, client }), scenarioLimitMs);
    });
  });
}
