import SchemaBuilder from '@pothos/core';
import ComplexityPlugin from '@pothos/plugin-complexity';
import PrismaPlugin from '@pothos/plugin-prisma';
import RelayPlugin from '@pothos/plugin-relay';
import ScopeAuthPlugin from '@pothos/plugin-scope-auth';
import type PrismaTypes from '../db/generated/pothos.ts';
import { getDatamodel } from '../db/generated/pothos.ts';
import type { PrismaClient } from '../db/generated/prisma/client.ts';
import { StratumError } from '../domain/errors.ts';
import { hasScope } from '../domain/principal.ts';
import type { Context } from './context.ts';
import { complexityOf } from './limits.ts';

export interface SchemaTypes {
  Context: Context;
  PrismaTypes: PrismaTypes;
  DefaultFieldNullability: false;
  DefaultInputFieldRequiredness: true;
  DefaultEdgesNullability: false;
  DefaultNodeNullability: false;
  Connection: { readonly totalCount: () => Promise<number> };
  /** Everybody who is let in is known; of the others each covers the ones before it. */
  AuthScopes: { known: boolean; read: boolean; write: boolean; admin: boolean };
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Date };
    JSON: { Input: unknown; Output: unknown };
    Revision: { Input: number; Output: number | bigint };
  };
}

/** Makes the types; each file of this room adds its noun. */
export const builder = new SchemaBuilder<SchemaTypes>({
  plugins: [ScopeAuthPlugin, RelayPlugin, PrismaPlugin, ComplexityPlugin],
  defaultFieldNullability: false,
  defaultInputFieldRequiredness: true,
  // Without a limit: only documents of callers are weighed (limits.ts), the stored operations of REST are known.
  complexity: { fieldComplexity: complexityOf },
  scopeAuth: {
    // What goes on after that is checked by what goes on (domain/ledger/follow.ts).
    authorizeOnSubscribe: true,
    authScopes: ({ call: { principal } }) => ({
      known: true,
      read: hasScope(principal, 'read'),
      write: hasScope(principal, 'write'),
      admin: hasScope(principal, 'admin'),
    }),
    unauthorizedError: () => new StratumError('FORBIDDEN', 'Insufficient permissions for this operation'),
  },
  relay: {
    cursorType: 'String',
    // Ids are plain UUIDs, so `node` is our own (docs/decisions/0002-plain-ids.md).
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    nodesOnConnection: { description: 'The items themselves, for those who need no edges.' },
    edgesFieldOptions: { nullable: false, description: 'The items with their cursors.' },
    nodeFieldOptions: { nullable: false, description: 'The item.' },
    cursorFieldOptions: { description: 'Where the list goes on behind this item.' },
    pageInfoFieldOptions: { description: 'What lies around the page.' },
    pageInfoTypeOptions: { description: 'What lies around a page.' },
    hasNextPageFieldOptions: { description: 'Whether there is a next page.' },
    hasPreviousPageFieldOptions: { description: 'Whether the page began behind a cursor.' },
    startCursorFieldOptions: { description: 'The cursor of the first item; null on an empty page.' },
    endCursorFieldOptions: { description: 'The cursor of the last item, for `after`; null on an empty page.' },
  },
  prisma: {
    client: ({ call }) => call.db as PrismaClient,
    dmmf: getDatamodel(),
    exposeDescriptions: false,
    onUnusedQuery: 'error',
  },
});

builder.globalConnectionField('totalCount', (t) =>
  t.int({
    description: 'How many there are on all pages; counted only when it is asked for.',
    resolve: ({ totalCount }) => totalCount(),
  }),
);

builder.queryType({ description: 'What can be read.' });
builder.mutationType({
  description:
    'What can be changed. Each change is one transaction of its own and leaves one event per thing changed; one that is refused is null, and those beside it stand.',
});
builder.subscriptionType({
  description:
    'What can be followed, over WebSockets (graphql-transport-ws) and server-sent events. Who follows is asked again with everything that is sent.',
});
