/**
 * MQVersion ordinal that our frames carry: V5_3_0. At least 232 switches SQL92 on in Java clients and 401 gets standard
 * JSON routes; 5.x clients look for server-side features from 413 on (page 01 §5).
 */
export const ownVersion = 473;
/** The same as tools print it. */
export const ownVersionName = 'V5_3_0';

/** First release whose route answers are standard JSON. */
export const versionStandardJsonRoute = 401;
/** First release that reads `maxReconsumeTimes` from send headers. */
export const versionMaxReconsumeTimes = 121;
/** V5_0_0: compressed registrations carry the topic-queue-mapping block. */
export const versionV5 = 413;
/** V3_0_11_SNAPSHOT: older brokers register with a bare topic table. */
export const versionRegisterBrokerBody = 36;
