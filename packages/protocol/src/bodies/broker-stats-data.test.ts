import { expect, it } from 'vitest';
import { decodeBrokerStatsData, encodeBrokerStatsData } from './broker-stats-data.js';

const data = {
  statsMinute: { sum: 60, tps: 1.5, avgpt: 2 },
  statsHour: { sum: 0, tps: 0, avgpt: 0 },
  statsDay: { sum: 9_007_199_254_740_991, tps: 0.25, avgpt: 1 },
};

it('is written with its members in the order of Java', () => {
  expect(encodeBrokerStatsData(data).toString()).toBe(
    '{"statsDay":{"avgpt":1,"sum":9007199254740991,"tps":0.25},"statsHour":{"avgpt":0,"sum":0,"tps":0},"statsMinute":{"avgpt":2,"sum":60,"tps":1.5}}',
  );
  expect(decodeBrokerStatsData(encodeBrokerStatsData(data))).toEqual(data);
});

it('is read from what Java writes, also in part', () => {
  const none = { sum: 0, tps: 0, avgpt: 0 };
  const text = '{"statsMinute":{"avgpt":0.0,"sum":3,"tps":1.0E-4}}';
  expect(decodeBrokerStatsData(Buffer.from(text))).toEqual({
    statsMinute: { sum: 3, tps: 0.0001, avgpt: 0 },
    statsHour: none,
    statsDay: none,
  });
});
