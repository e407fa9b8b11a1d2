import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chainHash, type EventContent, genesis } from '../../src/domain/ledger/chain.ts';

const event: EventContent = {
  ledgerId: '0193a5b0-0000-7000-8000-000000000001',
  revision: 1,
  type: 'config.updated',
  tenantId: '0193a5b0-0000-7000-8000-000000000002',
  path: '1/2s/',
  fromPath: null,
  actorType: 'api_key',
  actorId: 'key-1',
  requestId: 'req-1',
  sourceIp: '192.0.2.1',
  occurredAt: '2026-01-02T03:04:05.678Z',
  before: null,
  after: { value: { b: [1, 0.5, 'é"\n'], a: true } },
};

/** RFC 8785 of `event`, by hand. */
const canonical =
  '{"actorId":"key-1","actorType":"api_key","after":{"value":{"a":true,"b":[1,0.5,"é\\"\\n"]}},"before":null,"fromPath":null,' +
  '"ledgerId":"0193a5b0-0000-7000-8000-000000000001","occurredAt":"2026-01-02T03:04:05.678Z","path":"1/2s/","requestId":"req-1",' +
  '"revision":1,"sourceIp":"192.0.2.1","tenantId":"0193a5b0-0000-7000-8000-000000000002","type":"config.updated"}';

function hex(hash: Uint8Array): string {
  return Buffer.from(hash).toString('hex');
}

function chain(events: readonly EventContent[]): string[] {
  let head = genesis;
  return events.map((one) => {
    head = chainHash(head, one);
    return hex(head);
  });
}

/** The same JSON, every object's keys in another order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(reversed);
  }
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, inner]) => [key, reversed(inner)]),
      )
    : value;
}

const history: fc.Arbitrary<EventContent[]> = fc
  .array(fc.record({ type: fc.constantFrom('tenant.created', 'tenant.updated'), after: fc.jsonValue() }), {
    minLength: 2,
    maxLength: 6,
  })
  .map((draws) => draws.map((draw, index) => ({ ...event, ...draw, revision: index + 1 })));

describe('the hash of an event', () => {
  test('is SHA-256 over the previous hash and the canonical JSON, stable for ever', () => {
    const independent = createHash('sha256').update(Buffer.alloc(32)).update(canonical, 'utf8').digest('hex');

    expect(hex(chainHash(genesis, event))).toBe(independent);
    expect(independent).toBe('c1a031f86c660c033447b6ff846e35742e0de455e7b29ab9cff972431dc49dc0');
  });

  test('does not depend on the order in which keys were written', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (after) => {
        const written = { ...event, after };
        expect(chainHash(genesis, reversed(written) as EventContent)).toEqual(chainHash(genesis, written));
      }),
    );
  });

  test('is the same for an event that was stored as JSON and read back', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (after) => {
        const read = JSON.parse(JSON.stringify({ ...event, after })) as EventContent;
        expect(chainHash(genesis, read)).toEqual(chainHash(genesis, { ...event, after }));
      }),
    );
  });

  test.each(Object.keys(event))('changes with %s', (field) => {
    expect(hex(chainHash(genesis, { ...event, [field]: 'changed' }))).not.toBe(hex(chainHash(genesis, event)));
  });

  test.each([
    [{ value: '1' }, { value: 1 }],
    [{ value: null }, {}],
    [{ a: { b: 1 } }, { a: {}, b: 1 }],
    [JSON.parse('{"__proto__":{"a":1}}'), {}],
  ])('tells %j from %j', (one, other) => {
    expect(hex(chainHash(genesis, { ...event, after: one }))).not.toBe(
      hex(chainHash(genesis, { ...event, after: other })),
    );
  });
});

describe('a chain', () => {
  test('differs from the changed event on, and only from there on', () => {
    fc.assert(
      fc.property(history, fc.nat(), (events, choice) => {
        const at = choice % events.length;
        const changed = chain(events.with(at, { ...events[at]!, actorId: 'somebody else' }));
        expect(chain(events).map((hash, index) => hash !== changed[index])).toEqual(events.map((_, i) => i >= at));
      }),
    );
  });

  test('breaks where an event is missing', () => {
    fc.assert(
      fc.property(history, fc.nat(), (events, choice) => {
        const gap = choice % (events.length - 1);
        expect(chain(events.toSpliced(gap, 1)).at(-1)).not.toBe(chain(events).at(-1));
      }),
    );
  });

  test('breaks where two events changed places', () => {
    fc.assert(
      fc.property(history, fc.nat(), (events, choice) => {
        const at = choice % (events.length - 1);
        const swapped = events.with(at, events[at + 1]!).with(at + 1, events[at]!);
        expect(chain(swapped).at(-1)).not.toBe(chain(events).at(-1));
      }),
    );
  });

  test('begins behind 32 zero bytes', () => {
    expect(hex(genesis)).toBe('00'.repeat(32));
  });
});
