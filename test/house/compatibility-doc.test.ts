import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RequestCode } from '@orbitmq/protocol';
import { expect, it } from 'vitest';

const page = readFileSync(new URL('../../docs/compatibility.md', import.meta.url), 'utf8');
const broker = fileURLToPath(new URL('../../packages/broker/src', import.meta.url));

/** Codes that the sources of the broker and NameServer register a processor for. */
function servedCodes(): Set<number> {
  const asked = new Set<number>([RequestCode.CHECK_TRANSACTION_STATE, RequestCode.NOTIFY_CONSUMER_IDS_CHANGED]);
  const served = new Set<number>();
  for (const entry of readdirSync(broker, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.ts') || /\.test/.test(entry.name) || entry.parentPath.includes('test-support'))
      continue;
    for (const [, name] of readFileSync(join(entry.parentPath, entry.name), 'utf8').matchAll(/RequestCode\.(\w+)/g)) {
      const code = (RequestCode as Readonly<Record<string, number>>)[name ?? ''];
      if (code !== undefined && !asked.has(code)) served.add(code);
    }
  }
  return served;
}

it('docs/compatibility.md lists every request that is answered, and no other', () => {
  const listed = [...page.matchAll(/^\| (\d+) \| (\w+) \|/gm)].map((match) => ({ code: Number(match[1]), name: match[2] }));
  expect(listed.map(({ code }) => code)).toEqual([...servedCodes()].toSorted((a, b) => a - b));
  for (const { code, name } of listed) expect((RequestCode as Readonly<Record<string, number>>)[name ?? ''], name).toBe(code);
});
