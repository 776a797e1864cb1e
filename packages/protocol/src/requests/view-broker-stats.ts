import { defineHeader, type HeaderOf, text } from '../header/header-codec.js';

/** VIEW_BROKER_STATS_DATA (315): page 32 §3.2. */
const fields = {
  statsName: text(),
  statsKey: text(),
};
export const viewBrokerStatsHeader = defineHeader(fields);
export type ViewBrokerStatsHeader = HeaderOf<typeof fields>;
