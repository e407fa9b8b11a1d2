import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { developmentKey } from '../../src/config.ts';
import type { Json } from './graphql-world.ts';

/** Executes an operation at a server that is another process. */
export async function post(url: string, query: string, variables: object): Promise<Json> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'x-api-key': developmentKey, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as Json;
  if (errors) {
    throw new Error(JSON.stringify(errors));
  }
  return data;
}

/** A new tenant; gives its id. */
export async function newTenant(url: string): Promise<string> {
  const document = 'mutation ($input: CreateTenantInput!) { createTenant(input: $input) { id } }';
  const { createTenant } = await post(url, document, {
    input: { name: 'Tenant', slug: `t_${randomBytes(6).toString('hex')}` },
  });
  return createTenant.id;
}

export const setConfig =
  'mutation ($id: ID!, $key: String!, $value: JSON!) { setConfig(tenantId: $id, input: { key: $key, value: $value }) { revision } }';

export const setConfigs =
  'mutation ($id: ID!, $entries: [SetConfigInput!]!) { setConfigs(tenantId: $id, entries: $entries) { revision } }';

/** A new webhook, which is told of config unless told otherwise; gives its id. */
export async function newWebhook(url: string, input: object): Promise<string> {
  const document = 'mutation ($input: CreateWebhookInput!) { createWebhook(input: $input) { webhook { id } } }';
  return (await post(url, document, { input: { events: ['config.updated'], ...input } })).createWebhook.webhook.id;
}

/** Follows the events of a tenant and begins again behind the last one whenever it is cut off, as any client would. */
export function followAlong(url: string, id: string): { readonly ids: string[]; stop(): void } {
  const ids: string[] = [];
  let after: string | null = null;
  let stopped = false;
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { apiKey: developmentKey },
    retryAttempts: 0,
  });
  const query =
    'subscription ($id: ID!, $after: String) { events(tenantId: $id, after: $after, types: ["config.updated"]) { cursor event { id } } }';
  const again = async (): Promise<void> => {
    while (!stopped) {
      try {
        for await (const { data } of client.iterate({ query, variables: { id, after } }) as AsyncIterable<Json>) {
          if (data?.events) {
            after = data.events.cursor;
            ids.push(data.events.event.id);
          }
        }
      } catch {
        // The server is gone; it comes back.
      }
      await sleep(100);
    }
  };
  void again();
  return {
    ids,
    stop: () => {
      stopped = true;
      void client.dispose();
    },
  };
}
