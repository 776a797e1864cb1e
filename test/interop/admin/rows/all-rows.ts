import type { AdminRow } from '../admin-row.js';
import { consumptionRows } from './consumption-rows.js';
import { liveClientRows } from './live-client-rows.js';
import { nameServerRows } from './name-server-rows.js';
import { rawRequestRows } from './raw-request-rows.js';
import { statisticsRows } from './statistics-rows.js';
import { topicGroupBrokerRows } from './topic-group-broker-rows.js';

/** Every row of the matrix; an area's rows stand in a file of their own. */
export const allRows: readonly AdminRow[] = [
  ...nameServerRows,
  ...topicGroupBrokerRows,
  ...consumptionRows,
  ...rawRequestRows,
  ...liveClientRows,
  ...statisticsRows,
];
