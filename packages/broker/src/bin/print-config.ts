/** What `-p` and `-m` print: `key=value` lines, as a properties file. */

/** Java marks these in BrokerConfig (page 23 §1). */
const importantKeys: ReadonlySet<string> = new Set([
  'namesrvAddr',
  'listenPort',
  'brokerIP1',
  'autoCreateTopicEnable',
  'autoCreateSubscriptionGroup',
  'traceTopicEnable',
  'rejectTransactionMessage',
  'transactionTimeOut',
  'transactionCheckMax',
  'transactionCheckInterval',
  'brokerName',
  'brokerClusterName',
  'brokerId',
  // Ours: what decides about durability and reach.
  'bindAddress',
  'flushDiskType',
  'storePathRootDir',
]);

export function configText(config: object, isImportantOnly: boolean): string {
  return Object.entries(config)
    .filter(([key]) => !isImportantOnly || importantKeys.has(key))
    .map(([key, value]) => `${key}=${String(value)}\n`)
    .join('');
}
