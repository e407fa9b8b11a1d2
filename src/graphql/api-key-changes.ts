import { createApiKey } from '../domain/api-keys/create.ts';
import { revokeApiKey } from '../domain/api-keys/revoke.ts';
import { rotateApiKey } from '../domain/api-keys/rotate.ts';
import type { IssuedApiKey } from '../domain/api-keys/rows.ts';
import { ApiKey } from './api-key.ts';
import { builder } from './builder.ts';
import { changing } from './context.ts';
import { ScopeEnum } from './enums.ts';

const CreateApiKeyInput = builder.inputType('CreateApiKeyInput', {
  description: 'An API key to issue.',
  fields: (t) => ({
    tenantId: t.id({
      required: false,
      description:
        'The tenant where it is at home: it may act there and below. It must be given: null is the whole installation.',
    }),
    name: t.string({ required: false, description: 'What people call it: 1 to 255 characters.' }),
    scopes: t.field({
      type: [ScopeEnum],
      defaultValue: ['read', 'write'],
      description: 'What it may do: nothing that the caller may not do.',
    }),
    expiresAt: t.field({
      type: 'DateTime',
      required: false,
      description: 'When it ends by itself; never unless told.',
    }),
    rateLimitMax: t.int({
      required: false,
      description:
        'How many requests it may send in `rateLimitWindow`: 1 to 100000; as the installation has it unless told.',
    }),
    rateLimitWindow: t.string({
      required: false,
      description: 'The time they are counted in: `30 seconds`, `1 minute`, `2 hours`, `1 day`.',
    }),
  }),
});

const IssuedApiKeyType = builder.objectRef<IssuedApiKey>('IssuedApiKey').implement({
  description: 'A new API key, in clear for the only time.',
  fields: (t) => ({
    plaintextKey: t.exposeString('plaintextKey', {
      description: 'The key itself. Nobody can show it again: keep it where secrets are kept.',
    }),
    apiKey: t.expose('apiKey', { type: ApiKey, description: 'All else about it.' }),
  }),
});

const idArg = builder.args((t) => ({ id: t.id({ description: 'The id of the key.' }) }));

builder.mutationFields((t) => ({
  createApiKey: t.field({
    type: IssuedApiKeyType,
    nullable: true,
    description: 'Issues an API key to an active tenant or to the whole installation.',
    authScopes: { admin: true },
    args: { input: t.arg({ type: CreateApiKeyInput, description: 'The key.' }) },
    resolve: changing(createApiKey),
  }),
  rotateApiKey: t.field({
    type: IssuedApiKeyType,
    nullable: true,
    description: 'Issues a key in place of another, with its scopes, role, limits and expiry.',
    authScopes: { admin: true },
    args: {
      ...idArg,
      name: t.arg.string({ required: false, description: 'The name of the new key; made of the old one unless told.' }),
      overlapSeconds: t.arg.int({
        required: false,
        description: 'How long the old key works beside the new one; not at all unless told.',
      }),
    },
    resolve: changing(rotateApiKey),
  }),
  revokeApiKey: t.field({
    type: ApiKey,
    nullable: true,
    description: 'Ends a key for good, from the next request on, in every process.',
    authScopes: { admin: true },
    args: idArg,
    resolve: changing(revokeApiKey),
  }),
}));
