import type { HandleMessage, TopicDefinition } from '@orbitmq/core';
import { recordMethod } from './class-wiring.js';
import type { DualMethod } from './dual-mode.js';

export interface OnMessageOptions<T> {
  readonly topic: TopicDefinition<T>;
  /** `a || b`; default: all that no other method of the class names. */
  readonly tags?: string | undefined;
}

/** Leads messages of a topic, or of some of its tags, to a method of a `@Consumer` class. */
export function OnMessage<T>(options: OnMessageOptions<T>): DualMethod<HandleMessage<T>> {
  const { topic, tags, ...others } = options;
  return (first: object, second: ClassMethodDecoratorContext | string | symbol): void => {
    if (typeof second === 'object') {
      const isReachable = !second.static && !second.private;
      recordMethod(metadataOf(second), { topic, tags, others, method: second.name, isReachable });
      return;
    }
    // A static method's target is the class, an instance method's the prototype.
    const isReachable = typeof first !== 'function';
    recordMethod(isReachable ? first.constructor : first, { topic, tags, others, method: second, isReachable });
  };
}

function metadataOf(context: ClassMethodDecoratorContext): object {
  const { metadata } = context;
  if (metadata !== undefined) return metadata;
  const remedy = 'use a later decorator version of the compiler (swc: 2022-03 or 2023-11), or legacy decorators';
  throw new TypeError(`@OnMessage on ${String(context.name)}: this compiler gives standard decorators no metadata; ${remedy}`);
}
