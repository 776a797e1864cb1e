import { defineHeader, optionalText, text } from '../header/header-codec.js';

/** GET_TOPICS_BY_CLUSTER (224): page 02 §8. */
export const topicsByClusterHeader = defineHeader({ cluster: text() });

/** DELETE_TOPIC_IN_NAMESRV (216); without a cluster, 4.9's form, the topic goes everywhere. */
export const deleteTopicInNamesrvHeader = defineHeader({ topic: text(), clusterName: optionalText() });

/** REGISTER_TOPIC_IN_NAMESRV (217); the body is a route. */
export const registerTopicHeader = defineHeader({ topic: text() });
