import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Kept, KeptContexts } from '../../src/sdk/kept-contexts.ts';
import { lineageOf } from '../../src/sdk/tenant-context.ts';

const ids = ['a', 'b', 'c', 'd', 'e', 'f'];

function keptAt(path: readonly string[], revision: number): Kept {
  return {
    tree: path[0]!,
    watch: null,
    readAt: 0,
    context: {
      tenant_id: path.at(-1)!,
      ancestry_path: `/${path.slice(0, -1).join('/')}`,
      depth: path.length - 1,
      isolation_strategy: 'SHARED_RLS',
      resolved_config: {},
      resolved_permissions: {},
      revision,
    },
  };
}

const path = fc.shuffledSubarray(ids, { minLength: 1 });
const step = fc.oneof(
  fc.record({ do: fc.constant('set' as const), path, revision: fc.nat(9) }),
  fc.record({ do: fc.constant('drop' as const), id: fc.constantFrom(...ids), upTo: fc.nat(9) }),
);

test('what is dropped beneath a tenant is what a search through everything would find, wherever tenants went', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const kept = new KeptContexts(100);
      const model = new Map<string, Kept>();
      for (const it of steps) {
        if (it.do === 'set') {
          const one = keptAt(it.path, it.revision);
          kept.set(it.path.at(-1)!, one);
          model.set(it.path.at(-1)!, one);
        } else {
          kept.drop(it.id, ({ context }) => context.revision < it.upTo);
          for (const [id, { context }] of [...model]) {
            if (lineageOf(context).includes(it.id) && context.revision < it.upTo) {
              model.delete(id);
            }
          }
        }
        expect(ids.map((id) => kept.get(id))).toEqual(ids.map((id) => model.get(id)));
      }
    }),
  );
});

test('what makes room for others is dropped from the index, too', () => {
  const kept = new KeptContexts(2);
  for (const id of ids) {
    kept.set(id, keptAt(['root', id], 1));
  }
  expect(kept.size).toBe(2);
  kept.drop('root', () => true);
  expect(kept.size).toBe(0);
});
