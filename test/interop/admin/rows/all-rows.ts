import type { AdminRow } from '../admin-row.js';
import { nameServerRows } from './name-server-rows.js';
import { topicGroupBrokerRows } from './topic-group-broker-rows.js';

/** Every row of the matrix; an area's rows stand in a file of their own. */
export const allRows: readonly AdminRow[] = [...nameServerRows, ...topicGroupBrokerRows];
