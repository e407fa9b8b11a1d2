import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { beneath, isWithin, lineage, pathPart, rootPath } from '../../src/domain/tenants/path.ts';

interface Node {
  readonly path: string;
  readonly parent: Node | null;
}

/** Forests whose keys lie close together, so that one part is often the beginning of another: `1/`, `12/`, `12z/`. */
const forest: fc.Arbitrary<Node[]> = fc
  .array(fc.tuple(fc.bigInt({ min: 1n, max: 2_000n }), fc.nat()), { minLength: 1, maxLength: 24 })
  .map((draws) => {
    const nodes: Node[] = [];
    for (const [key, choice] of new Map(draws)) {
      const parent = nodes[choice % (nodes.length + 1)] ?? null;
      nodes.push({ path: `${parent?.path ?? ''}${pathPart(key)}`, parent });
    }
    return nodes;
  });

function ancestorsAndSelf(node: Node): Node[] {
  return [...(node.parent === null ? [] : ancestorsAndSelf(node.parent)), node];
}

test.each([
  [1n, '1/'],
  [35n, 'z/'],
  [36n, '10/'],
  [1_295n, 'zz/'],
  [9_223_372_036_854_775_807n, '1y2p0ij32e8e7/'],
])('the key %s adds the part %s', (key, part) => {
  expect(pathPart(key)).toBe(part);
});

test('different keys add different parts', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }), (key) => {
      const digits = [...pathPart(key).slice(0, -1)];
      expect(digits.reduce((value, digit) => value * 36n + BigInt(Number.parseInt(digit, 36)), 0n)).toBe(key);
    }),
  );
});

test('a tenant lies within itself and its ancestors, and nowhere else', () => {
  fc.assert(
    fc.property(forest, (nodes) => {
      for (const node of nodes) {
        const holders = nodes.filter(({ path }) => isWithin(node.path, path));
        expect(new Set(holders)).toEqual(new Set(ancestorsAndSelf(node)));
      }
    }),
  );
});

describe('the range beneath a tenant', () => {
  test('holds its descendants and nobody else', () => {
    fc.assert(
      fc.property(forest, (nodes) => {
        for (const node of nodes) {
          const { after, before } = beneath(node.path);
          const found = nodes.filter(({ path }) => after < path && path < before);
          const descendants = nodes.filter((other) => other !== node && ancestorsAndSelf(other).includes(node));
          expect(found).toEqual(descendants);
        }
      }),
    );
  });

  test.each(['12/', '10/', '1z/', '2/', '1/', '12/1/'])('of 1/ leaves out %s', (path) => {
    const { after, before } = beneath('1/');
    expect(after < path && path < before).toBe(false);
  });
});

test('the lineage leads from the root to the tenant itself', () => {
  fc.assert(
    fc.property(forest, (nodes) => {
      for (const node of nodes) {
        const paths = ancestorsAndSelf(node).map(({ path }) => path);
        expect(lineage(node.path)).toEqual(paths);
        expect(rootPath(node.path)).toBe(paths[0]);
      }
    }),
  );
});

test('the order of paths is depth first: each tenant, then all its descendants without a stranger between them', () => {
  fc.assert(
    fc.property(forest, (nodes) => {
      const ordered = nodes.toSorted((a, b) => (a.path < b.path ? -1 : 1));
      for (const [place, node] of ordered.entries()) {
        const subtree = ordered.filter((other) => ancestorsAndSelf(other).includes(node));
        expect(ordered.slice(place, place + subtree.length)).toEqual(subtree);
      }
    }),
  );
});
