import { Command } from 'commander';
import {
  type Client,
  ExportTenantDocument,
  ExportTenantEventsDocument,
  InspectTenantDocument,
  ListTenantRowsDocument,
} from '../client/index.ts';
import { itemsOf } from '../client/pages.ts';
import type { Context } from './context.ts';
import { jsonText } from './harmless.ts';
import { present } from './present.ts';
import { onServer, type ServerFlags } from './server.ts';
import { tenantIdOf } from './tenant-name.ts';

interface Flags extends ServerFlags {
  readonly tree?: boolean;
}

/** `stratum export`: all that is kept of a tenant, as lines of JSON, however long its ledger is. */
export function exportCommand(context: Context): Command {
  const command = new Command('export')
    .description('Print all that is kept of a tenant, its ledger last: one JSON object a line. Secrets are withheld.')
    .argument('<tenant>', 'its id or slug')
    .option('--tree', 'print the tenant and those below it instead, as "stratum import" takes them');
  return onServer(context, command, async (client, { tree }: Flags, name: string) => {
    const id = await tenantIdOf(client, name);
    await context.terminal.sayAll(asLines(tree ? readRows(client, id) : readAll(client, id)));
  });
}

async function* asLines(items: AsyncIterable<object>): AsyncGenerator<string> {
  for await (const item of items) {
    yield jsonText(item);
  }
}

async function* readAll(client: Client, id: string): AsyncGenerator<object> {
  const { exportTenant } = await client.query(ExportTenantDocument, { id, limit: 1 });
  const { tenant, config, permissions, apiKeys, webhooks } = present(exportTenant);
  yield { kind: 'tenant', data: tenant };
  yield* config.map((data) => ({ kind: 'config_entry', data }));
  yield* permissions.map((data) => ({ kind: 'permission_policy', data }));
  yield* apiKeys.map((data) => ({ kind: 'api_key', data }));
  yield* webhooks.map((data) => ({ kind: 'webhook', data }));
  const events = itemsOf(async (cursor, limit) => {
    const page = await client.query(ExportTenantEventsDocument, { id, cursor, limit });
    return page.exportTenant?.events;
  });
  for await (const data of events) {
    yield { kind: 'event', data };
  }
}

/** Depth-first, so that parents come before their children. */
async function* readRows(client: Client, id: string): AsyncGenerator<object> {
  const { tenant } = await client.query(InspectTenantDocument, { id });
  const { name, slug, status } = present(tenant);
  yield { id, parent: null, name, slug, status };
  yield* itemsOf(async (cursor) => {
    const page = await client.query(ListTenantRowsDocument, { id, cursor });
    return page.tenant?.descendants;
  });
}
