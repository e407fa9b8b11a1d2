import { expect, test } from 'vitest';
import { drawTree } from '../../src/cli/tenants/draw-tree.ts';
import type { TreeNodeFragment } from '../../src/client/index.ts';

const plain = { paint: (_style: string, text: string) => text };

/** `size` tenants of which each has ten children, depth-first, made one at a time. */
async function* decimal(size: number, counter: { made: number }): AsyncGenerator<TreeNodeFragment> {
  function* below(number: number, depth: number): Generator<TreeNodeFragment> {
    const children = Array.from({ length: 10 }, (_, n) => number * 10 + n + 1).filter((child) => child < size);
    counter.made += 1;
    yield {
      id: String(number),
      parent_id: depth === 0 ? null : String(Math.floor((number - 1) / 10)),
      name: `T${number}`,
      slug: `t${number}`,
      status: 'active',
      depth,
      child_count: children.length,
      descendant_count: children.length,
    };
    for (const child of children) {
      yield* below(child, depth + 1);
    }
  }
  yield* below(0, 0);
}

async function drawn(nodes: AsyncIterable<TreeNodeFragment>): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of drawTree(nodes, plain, 9)) {
    lines.push(line);
  }
  return lines;
}

test('every tenant of 10,000 hangs where it belongs', async () => {
  const lines = await drawn(decimal(10_000, { made: 0 }));
  expect(lines).toHaveLength(10_000);
  expect(lines.filter((line) => line.includes('└─'))).toHaveLength(1_000);
  expect(lines.slice(0, 4)).toEqual([
    'T0  t0  (10)',
    '├─ T1  t1  (10)',
    '│  ├─ T11  t11  (10)',
    '│  │  ├─ T111  t111  (10)',
  ]);
  expect(lines.at(-1)).toMatch(/^ {3}(│ {2}| {3})*└─ T\d+/);
});

test('a line is drawn before the next tenant is asked for', async () => {
  const counter = { made: 0 };
  const lines = drawTree(decimal(10_000, counter), plain, 9);
  await lines.next();
  await lines.next();
  expect(counter.made).toBe(2);
  await lines.return(undefined);
});

test('what lies below a tenant that is not shown has no place, and moves nobody else', async () => {
  const node = (id: string, parent_id: string | null, depth: number, child_count = 0): TreeNodeFragment => ({
    id,
    parent_id,
    name: id,
    slug: id.toLowerCase(),
    status: 'active',
    depth,
    child_count,
    descendant_count: 0,
  });
  const nodes = [
    node('A', null, 0, 2),
    node('B', 'A', 1),
    node('X', 'hidden', 2),
    node('C', 'A', 1, 1),
    node('D', 'C', 2),
  ];
  async function* given() {
    yield* nodes;
  }
  expect(await drawn(given())).toEqual(['A  a', '├─ B  b', '└─ C  c', '   └─ D  d']);
});
