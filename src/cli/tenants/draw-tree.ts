import type { TreeNodeFragment } from '../../client/index.ts';
import { harmless } from '../harmless.ts';
import type { Terminal } from '../terminal.ts';
import { styleOfStatus } from './status.ts';

interface Open {
  readonly id: string;
  /** What stands before the lines of those below it. */
  readonly indent: string;
  /** How many of its children are still to come: the one that leaves none is the last. */
  left: number;
}

/**
 * Draws trees that arrive depth-first, each tenant behind its parent, one line at a time: no more is kept than the way down to the
 * last one. What lies deeper than `levels` below its top is only counted. What lies below a tenant that isn't shown has no place.
 */
export async function* drawTree(
  nodes: AsyncIterable<TreeNodeFragment>,
  { paint }: Pick<Terminal, 'paint'>,
  levels: number,
): AsyncGenerator<string> {
  let way: Open[] = [];
  let topDepth = 0;
  for await (const node of nodes) {
    const isTop = way.length === 0 || node.depth <= topDepth;
    topDepth = isTop ? node.depth : topDepth;
    const above = isTop ? -1 : way.findIndex(({ id }) => id === node.parent_id);
    if (above === -1 && !isTop) {
      continue;
    }
    way = way.slice(0, above + 1);
    const { branch, indent } = placeBelow(way.at(-1));
    yield (branch === '' ? '' : paint('dim', branch)) + labelOf(node, paint, node.depth - topDepth >= levels);
    way.push({ id: node.id, indent, left: node.child_count });
  }
}

function placeBelow(parent: Open | undefined): { branch: string; indent: string } {
  if (parent === undefined) {
    return { branch: '', indent: '' };
  }
  parent.left -= 1;
  const isLast = parent.left <= 0;
  return {
    branch: `${parent.indent}${isLast ? '└─ ' : '├─ '}`,
    indent: `${parent.indent}${isLast ? '   ' : '│  '}`,
  };
}

function labelOf(node: TreeNodeFragment, paint: Terminal['paint'], isFolded: boolean): string {
  const { name, slug, status, descendant_count: below } = node;
  const count = below.toLocaleString('en-US');
  return [
    paint('bold', harmless(name)),
    paint('dim', harmless(slug)),
    status === 'active' ? '' : paint(styleOfStatus[status], status),
    below === 0 ? '' : isFolded ? paint('cyan', `… ${count} below`) : paint('dim', `(${count})`),
  ]
    .filter((part) => part !== '')
    .join('  ');
}
