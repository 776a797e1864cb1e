import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { verifies } from '../../support/verifies.js';
import { startApacheServer } from '../apache/apache-server.js';
import { type ApacheVersion, apacheMissing, apacheVersions } from '../apache/distribution.js';
import type { MqServer } from '../mq-server.js';
import { startOrbitServer } from '../orbit-server.js';
import type { AdminContext, AdminRow } from './admin-row.js';
import { type AdminResult, AdminTool } from './admin-tool.js';
import { normaliseOutput } from './normalise-output.js';

const startLimitMs = 180_000;
const rowLimitMs = 120_000;

const isFor = (row: { readonly versions?: readonly ApacheVersion[] }, version: ApacheVersion): boolean =>
  (row.versions ?? apacheVersions).includes(version);

interface Observed {
  readonly output: string;
  readonly failure: string | undefined;
}

async function run({ command, args = [] }: AdminRow, context: AdminContext): Promise<AdminResult> {
  if (command === undefined) return { output: '', error: '' };
  return context.tool.run(command, ...(typeof args === 'function' ? await args(context) : args));
}

async function observe(row: AdminRow, context: AdminContext): Promise<Observed> {
  await row.prepare?.(context);
  const result = await run(row, context);
  const masked = (text: string): string => {
    const general = normaliseOutput(text, context.server);
    return row.normalise?.(general, context.version) ?? general;
  };
  const text = row.observe === undefined ? result.output : await row.observe(context, result);
  return { output: masked(text), failure: result.failure && normaliseOutput(result.failure, context.server) };
}

/** Runs the rows with mqadmin of a version: at Apache's servers of that version and at ours, started once for all rows. */
export function describeAdminMatrix(version: ApacheVersion, rows: readonly AdminRow[]): void {
  const missing = apacheMissing();
  const title = `mqadmin ${version} at Apache ${version} and at OrbitMQ`;
  describe.skipIf(missing !== undefined)(missing === undefined ? title : `${title} (skipped: ${missing})`, () => {
    let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
    let apache: AdminContext;
    let ours: AdminContext;
    const started: { stop(): Promise<void> }[] = [];

    beforeAll(async () => {
      directory = await temporaryDirectory('admin');
      const start = async (startServer: (path: string) => Promise<MqServer>, name: string): Promise<MqServer> => {
        const server = await startServer(join(directory.path, name));
        started.push(server);
        return server;
      };
      // Both are waited for, also when one fails: none is left behind.
      const starts = await Promise.allSettled([
        start((path) => startApacheServer(version, path), 'apache'),
        start((path) => startOrbitServer(path), 'ours'),
      ]);
      const servers = starts.map((outcome) => {
        if (outcome.status === 'rejected') throw outcome.reason;
        return outcome.value;
      }) as [MqServer, MqServer];
      const home = join(directory.path, 'tool');
      mkdirSync(home);
      const tool = await AdminTool.start(version, servers[0].namesrvAddr, { home });
      started.push(tool);
      [apache, ours] = servers.map((server) => ({ version, server, tool: tool.at(server.namesrvAddr) })) as [
        AdminContext,
        AdminContext,
      ];
    }, startLimitMs);

    afterAll(async () => {
      await Promise.all(started.map((each) => each.stop()));
      await directory?.remove();
    }, startLimitMs);

    for (const row of rows.filter((each) => isFor(each, version))) {
      it(row.name, { timeout: rowLimitMs }, async () => {
        verifies('mqadmin');
        const theirs = await observe(row, apache);
        const own = await observe(row, ours);
        if (row.fails === true) expect(theirs.failure, 'Apache has to refuse it').toBeDefined();
        else expect(theirs.failure, theirs.output).toBeUndefined();
        if (row.difference !== undefined && isFor(row.difference, version)) {
          expect(`${own.failure ?? ''}\n${own.output}`.trim()).toEqual(
            typeof row.difference.ours === 'string' ? row.difference.ours : expect.stringMatching(row.difference.ours),
          );
          expect(own, 'the difference is gone').not.toEqual(theirs);
          return;
        }
        expect(own).toEqual(theirs);
      });
    }
  });
}
