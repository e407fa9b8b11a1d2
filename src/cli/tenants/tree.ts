import { Command } from 'commander';
import {
  type Client,
  GetHomeDocument,
  GetTreeTopDocument,
  ListTreeBelowDocument,
  ListTreeRootsDocument,
  type TenantStatus,
  type TreeNodeFragment,
} from '../../client/index.ts';
import { itemsOf } from '../../client/pages.ts';
import { toCount } from '../arguments.ts';
import type { Context } from '../context.ts';
import { jsonText } from '../harmless.ts';
import { onServer, type ServerFlags } from '../server.ts';
import { tenantIdOf } from '../tenant-name.ts';
import { drawTree } from './draw-tree.ts';
import { allStatuses, inUse } from './status.ts';

interface Flags extends ServerFlags {
  readonly depth: number;
  readonly all?: boolean;
  readonly archived?: boolean;
}

export function treeCommand(context: Context): Command {
  const command = new Command('tree')
    .description('Draw a tenant and what lies below it, or every tree there is. As JSON: one tenant a line.')
    .argument('[tenant]', 'its id or slug')
    .option('--depth <levels>', 'how many levels to unfold', toCount, 3)
    .option('--all', 'unfold all of them')
    .option('--archived', 'show archived tenants too');
  return onServer(context, command, async (client, flags: Flags, name: string | undefined) => {
    const levels = flags.all ? Number.POSITIVE_INFINITY : flags.depth;
    const reader = { client, statuses: [...(flags.archived ? allStatuses : inUse)], levels };
    const nodes = name === undefined ? readForest(reader) : readTree(reader, await tenantIdOf(client, name));
    const { terminal } = context;
    await terminal.sayAll(flags.json ? asJson(nodes) : drawTree(nodes, terminal, levels));
  });
}

interface Reader {
  readonly client: Client;
  readonly statuses: TenantStatus[];
  readonly levels: number;
}

/** Every tree; for a caller who is at home in a tenant, that one. */
async function* readForest(reader: Reader): AsyncGenerator<TreeNodeFragment> {
  const { client, statuses } = reader;
  const { viewer } = await client.query(GetHomeDocument, {});
  if (viewer?.home) {
    yield* readTree(reader, viewer.home.id);
    return;
  }
  const roots = itemsOf(async (cursor) => (await client.query(ListTreeRootsDocument, { cursor, statuses })).tenants);
  for await (const root of roots) {
    yield root;
    yield* readBelow(reader, root);
  }
}

async function* readTree(reader: Reader, id: string): AsyncGenerator<TreeNodeFragment> {
  const { tenant } = await reader.client.query(GetTreeTopDocument, { id, statuses: reader.statuses });
  if (tenant !== null) {
    yield tenant;
    yield* readBelow(reader, tenant);
  }
}

async function* readBelow(
  { client, statuses, levels }: Reader,
  top: TreeNodeFragment,
): AsyncGenerator<TreeNodeFragment> {
  if (top.descendant_count === 0 || levels === 0) {
    return;
  }
  const depth = Number.isFinite(levels) ? levels : null;
  yield* itemsOf(async (cursor) => {
    const variables = { id: top.id, cursor, statuses, levels: depth };
    return (await client.query(ListTreeBelowDocument, variables)).tenant?.descendants;
  });
}

async function* asJson(nodes: AsyncIterable<TreeNodeFragment>): AsyncGenerator<string> {
  for await (const node of nodes) {
    yield jsonText(node);
  }
}
