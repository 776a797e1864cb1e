import { describe, expect, it } from 'vitest';
import { mayBeChanged, SentProperties } from './sent-properties.js';

const bytes = (text: string): Buffer => Buffer.from(text.replaceAll('=', '\u0001').replaceAll(';', '\u0002'));

function read(text: string): SentProperties {
  const properties = new SentProperties();
  properties.read(bytes(text));
  return properties;
}

it('reads a priority, the last one of several', () => {
  expect(read('A=b').priority).toBeUndefined();
  expect(read('_SYS_MSG_PRIORITY_=3').priority).toBe('3');
  expect(read('_SYS_MSG_PRIORITY_=3;_SYS_MSG_PRIORITY_=4').priority).toBe('4');
  expect(read('_SYS_MSG_PRIORITY_=3').isPlain).toBe(true);
});

describe('SentProperties', () => {
  it.each(['', 'A=b', 'A=b;', 'KEYS=k;TAGS=t;WAIT=true;UNIQ_KEY=u;color=red', 'DELAYED=1;TAGSX=1;CLUSTERS=1;PGROUP=g'])(
    'can store %j as it is',
    (text) => {
      expect(read(text).isPlain).toBe(true);
    },
  );

  it.each([
    'DELAY=3',
    'TRAN_MSG=true',
    'TRAN_MSG=false',
    'TIMER_DELAY_SEC=1',
    'TIMER_DELAY_MS=1',
    'TIMER_DELIVER_MS=1',
    'CLUSTER=c',
    'MSG_REGION=r',
    'TRACE_ON=true',
    'REAL_TOPIC=t',
    'REAL_QID=1',
    '__transactionId__=x',
    'POP_CK=x',
    '__CRC32#=1',
    '__RMQ.TRANSIENT.X=1',
    'TAGS=a;TAGS=b',
    'UNIQ_KEY=a;UNIQ_KEY=b',
    'A=b;;C=d',
    ';A=b',
    'A=b;;',
    '=b',
    'A=',
    'A',
    'A;B=c',
  ])('sends %j the long way', (text) => {
    expect(read(text).isPlain).toBe(false);
  });

  it('knows the unique key and the wish not to wait', () => {
    const properties = read('A=b;UNIQ_KEY=Kä;WAIT=false');
    expect(properties.uniqueKey).toBe('Kä');
    expect(properties.waitStore).toBe(false);
    expect(read('WAIT=true').waitStore).toBe(true);
    expect(read('WAIT=FALSE').waitStore).toBe(true);
  });

  it('knows the idempotency key, of a doubled one the last', () => {
    expect(read('A=b;ORBITMQ_IDEMPOTENCY_KEY=Kä')).toMatchObject({ idempotencyKey: 'Kä', isPlain: true });
    const doubled = read('ORBITMQ_IDEMPOTENCY_KEY=a;ORBITMQ_IDEMPOTENCY_KEY=b');
    expect(doubled).toMatchObject({ idempotencyKey: 'b', isPlain: false });
    expect(read('ORBITMQ_IDEMPOTENCY_KEY=;ORBITMQ_IDEMPOTENCY_KEYS=a;A=ORBITMQ_IDEMPOTENCY_KEY').idempotencyKey).toBeUndefined();
  });

  it('forgets the message before', () => {
    const properties = new SentProperties();
    properties.read(bytes('UNIQ_KEY=u;WAIT=false;DELAY=1;ORBITMQ_IDEMPOTENCY_KEY=k'));
    properties.read(bytes('A=b'));
    expect(properties).toMatchObject({ uniqueKey: undefined, idempotencyKey: undefined, waitStore: true, isPlain: true });
  });

  it('lets a value contain the name separator', () => {
    expect(read('A=b=c;UNIQ_KEY=u').uniqueKey).toBe('u');
    expect(read('A=b=c').isPlain).toBe(true);
  });
});

describe('properties of an entry of a batch', () => {
  it.each(['', 'A', 'A=b', 'A=b;', 'TAGS=t;KEYS=k;WAIT=true', 'A=TRACE_ON;B=POP_CK', 'A=b;M', ';;;', '_x=1'])(
    '%j are stored as they are',
    (text) => {
      expect(mayBeChanged(bytes(text))).toBe(false);
    },
  );

  it.each(['POP_CK=c', 'A=b;POP_CK=c', 'A=b;__CRC32#=1', '__RMQ.TRANSIENT.x=1;A=b', 'TRACE_ON=false', 'A=b;MSG_REGION=far;'])(
    '%j are looked at',
    (text) => {
      expect(mayBeChanged(bytes(text))).toBe(true);
    },
  );
});
