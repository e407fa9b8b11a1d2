import type { Principal } from '../domain/principal.ts';
import { builder } from './builder.ts';
import { ScopeEnum } from './enums.ts';
import { Tenant, tenantWithId } from './tenant.ts';

const Viewer = builder.objectRef<Principal>('Viewer').implement({
  description: 'Who asks.',
  fields: (t) => ({
    id: t.exposeString('id', {
      description: 'What the ledger names it by: the id of its key, or the subject of its token.',
    }),
    type: t.exposeString('type', { description: 'What kind of caller it is: `api_key`, `jwt` or `system`.' }),
    name: t.string({ nullable: true, description: 'What people call it.', resolve: ({ name }) => name ?? null }),
    home: t.field({
      type: Tenant,
      nullable: true,
      description:
        'The tenant where it is at home: it sees that and everything below. Null for the whole installation.',
      resolve: ({ home }, _args, context) => tenantWithId(home?.tenantId ?? null, context),
    }),
    scopes: t.field({ type: [ScopeEnum], description: 'What it may do there.', resolve: ({ scopes }) => [...scopes] }),
    expiresAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it ends by itself; null for never.',
      resolve: ({ expiresAt }) => expiresAt ?? null,
    }),
    rateLimitMax: t.int({
      nullable: true,
      description:
        'How many requests it may send in `rateLimitWindow`, where it has a limit of its own. The headers `RateLimit-*` say what is left.',
      resolve: ({ rateLimit }) => rateLimit?.max ?? null,
    }),
    rateLimitWindow: t.string({
      nullable: true,
      description: 'The time they are counted in, where it has a limit of its own.',
      resolve: ({ rateLimit }) => rateLimit?.window ?? null,
    }),
  }),
});

builder.queryField('viewer', (t) =>
  t.field({
    type: Viewer,
    nullable: true,
    description: 'Who asks, and what they may do: for everybody who is let in.',
    authScopes: { known: true },
    resolve: (_root, _args, { call }) => call.principal,
  }),
);
