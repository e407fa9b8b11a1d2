import { expect, test } from 'vitest';
import { eventTypes } from '../../src/domain/ledger/types.ts';
import { isOfConsequence, mayLack } from '../../src/sdk/change.ts';
import {
  getTenantContext,
  runWithTenantContext,
  type TenantContext,
  TenantContextNotFoundError,
} from '../../src/sdk/index.ts';
import { createTokenReader } from '../../src/sdk/token-tenant.ts';

test.each([
  [{ jwtSecret: '' }, 'jwtSecret is empty'],
  [{ jwtSecret: undefined as never }, 'jwtSecret is empty'],
  [{ jwtVerify: undefined as never }, 'jwtVerify is empty'],
  [{ jwksUrl: 'https://issuer.example/keys' }, 'jwtAudience is missing'],
  [{ jwtSecret: 'a secret', jwtIssuer: 'https://issuer.example' }, 'jwtAudience is missing'],
  [{ jwksUrl: 'https://issuer.example/keys', jwtAudience: 'us', jwtAlgorithms: ['RS256', 'HS256'] }, 'jwtAlgorithms'],
  [{ jwksUrl: 'https://issuer.example/keys', jwtAudience: 'us', jwtAlgorithms: ['none'] }, 'jwtAlgorithms'],
])('rules that would let wrong tokens in are refused at once: %j', (rules, message) => {
  expect(() => createTokenReader(rules)).toThrow(message);
});

test('outside of a request there is no context, and inside it is that of the request', async () => {
  const context = { tenant_id: 'a' } as TenantContext;
  expect(getTenantContext).toThrow(TenantContextNotFoundError);
  const seen = await runWithTenantContext(context, async () => {
    await null;
    return getTenantContext();
  });
  expect(seen).toBe(context);
  expect(getTenantContext).toThrow(TenantContextNotFoundError);
});

test('of all events those that change what a context shows are of consequence, and any that is not known yet', () => {
  expect(eventTypes.filter((type) => !isOfConsequence(type))).toEqual(
    eventTypes.filter(
      (type) =>
        /^(webhook|role|api_key|encryption)/.test(type) || ['tenant.created', 'tenant.reordered'].includes(type),
    ),
  );
  expect(isOfConsequence('tenant.made_up_later')).toBe(true);
});

test.each([
  ['before it', { tree: 't', revision: 4 }, true],
  ['with it', { tree: 't', revision: 5 }, false],
  ['in another tree', { tree: 'u', revision: 9 }, true],
])('what was read %s may lack a change: %j %s', (_when, read, expected) => {
  expect(mayLack(read, { tenantId: 'a', place: { tree: 't', revision: 5 } })).toBe(expected);
  expect(mayLack(read, { tenantId: 'a', place: null })).toBe(true);
});
