import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { defaultBrokerConfig } from '../../../config/broker-config.js';
import { createSubscriptionGroupManager } from '../../../group/create-subscription-group-manager.js';
import { MemoryFileSystem } from '../../../store/io/memory-file-system.js';
import { wantedGroups } from './group-updates.js';

const open = () =>
  createSubscriptionGroupManager({
    environment: virtualEnvironment(1),
    fileSystem: new MemoryFileSystem(),
    directory: '/store/config',
    config: defaultBrokerConfig,
  });
const named = (...names: readonly string[]) => names.map((groupName) => ({ groupName }));

test('as many groups as allowed, and not one more; those that are there may be changed', async () => {
  const groups = await open();
  const countMax = groups.all().size + 2;
  expect(wantedGroups(groups, named('a', 'b', 'a', 'TOOLS_CONSUMER'), { countMax })).toHaveLength(4);
  expect(wantedGroups(groups, named('a', 'b', 'c'), { countMax })).toEqual({
    code: 1,
    remark: `there would be ${countMax + 1} groups, allowed are ${countMax}`,
  });
  expect(wantedGroups(groups, named('TOOLS_CONSUMER'), { countMax: 0 })).toHaveLength(1);
});

test('a group that is described twice keeps the attributes of both', async () => {
  const described = ['+priority.factor', '+lite.sub.client.quota'].map((name) => ({
    groupName: 'g',
    attributes: { [name]: '5' },
  }));
  expect(wantedGroups(await open(), described)).toMatchObject([
    { group: { attributes: { 'priority.factor': '5' } } },
    { group: { attributes: { 'priority.factor': '5', 'lite.sub.client.quota': '5' } } },
  ]);
});

test('all groups together may say as much as allowed, and not one character more; one that says less may be changed', async () => {
  const groups = await open();
  const said = { groupName: 'g', note: 'x'.repeat(100) };
  const sourceCharsMax = groups.sourceChars + JSON.stringify(said).length;
  const wanted = wantedGroups(groups, [said], { sourceCharsMax });
  if ('code' in wanted) throw new Error(wanted.remark);
  expect(wantedGroups(groups, [{ ...said, note: `${said.note}x` }], { sourceCharsMax })).toEqual({
    code: 1,
    remark: `the descriptions of all groups would have ${sourceCharsMax + 1} characters, allowed are ${sourceCharsMax}`,
  });
  for (const { group, source } of wanted) groups.update(group, source);
  expect(groups.sourceChars).toBe(sourceCharsMax);
  expect(wantedGroups(groups, named('h'), { sourceCharsMax })).toMatchObject({ code: 1 });
  groups.delete('g');
  expect(wantedGroups(groups, named('h'), { sourceCharsMax })).toHaveLength(1);
});
