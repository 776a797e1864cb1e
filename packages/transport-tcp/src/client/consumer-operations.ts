import type { ConsumeDirectlyResult, ConsumerRunningInfo, QueueOffsets } from '@orbitmq/protocol';

/** What operators ask of a consumer through a broker (Java: MQConsumerInner with ClientRemotingProcessor; page 32 §2). */
export interface ConsumerOperations {
  /** Queues of the topic that are consumed here go on at the offsets named; others are not touched. */
  resetOffsets(topic: string, offsets: QueueOffsets): void;
  /** What is consumed of each queue of the topic held here. */
  consumedOffsets(topic: string): QueueOffsets;
  runningInfo(): ConsumerRunningInfo;
  /** Undefined when it is refused: so many run already, or the consumer is not running. Never rejects. */
  consumeDirectly(record: Buffer, brokerName: string): Promise<ConsumeDirectlyResult> | undefined;
}
