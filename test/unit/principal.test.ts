import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canSee, hasScope, type Principal, type Scope, scopes, visibleTo } from '../../src/domain/principal.ts';
import { pathPart } from '../../src/domain/tenants/path.ts';

function principal(held: readonly Scope[], homePath: string | null): Principal {
  return {
    type: 'api_key',
    id: 'key-1',
    scopes: held,
    home: homePath === null ? null : { tenantId: 'home', path: homePath },
  };
}

/** Parts of which one begins like another or stands at an end of the order: `1/`, `10/`, `z/`, `zz/`. */
const key = fc.constantFrom(1n, 2n, 10n, 35n, 36n, 71n, 1_295n);
const path = fc.array(key, { minLength: 1, maxLength: 5 }).map((keys) => keys.map(pathPart).join(''));
const related = fc.tuple(path, path).map(([home, rest]) => [home, `${home}${rest}`] as const);

describe('a scope', () => {
  const grants: Record<Scope, readonly Scope[]> = {
    read: ['read'],
    write: ['read', 'write'],
    admin: ['read', 'write', 'admin'],
  };

  test.each(scopes)('%s covers those before it and none behind it', (held) => {
    expect(scopes.filter((scope) => hasScope(principal([held], null), scope))).toEqual(grants[held]);
  });

  test('is held when any of several covers it; without scopes nothing is', () => {
    expect(hasScope(principal(['admin', 'read'], null), 'write')).toBe(true);
    expect(hasScope(principal(['read', 'read'], null), 'write')).toBe(false);
    expect(scopes.filter((scope) => hasScope(principal([], null), scope))).toEqual([]);
  });
});

describe('who is at home in a tenant', () => {
  test('sees it and everything beneath it', () => {
    fc.assert(
      fc.property(related, ([home, beneath]) => {
        expect(canSee(principal([], home), home)).toBe(true);
        expect(canSee(principal([], home), beneath)).toBe(true);
      }),
    );
  });

  test('sees none of its ancestors', () => {
    fc.assert(
      fc.property(related, ([above, home]) => {
        expect(canSee(principal([], home), above)).toBe(false);
      }),
    );
  });

  test.each(['2/', '12/', '1z/', '12/1/', '10/'])('in 1/ does not see %s', (other) => {
    expect(canSee(principal(['admin'], '1/'), other)).toBe(false);
  });

  test('finds by the filter for reads exactly what may be seen', () => {
    const itself = path.map((home) => [home, home] as const);
    const lookalike = fc
      .tuple(path, key)
      .map(([home, tail]) => [home, `${home.slice(0, -1)}${pathPart(tail)}`] as const);
    const pair = fc.oneof(fc.tuple(path, path), related, itself, lookalike);
    fc.assert(
      fc.property(pair, ([home, other]) => {
        const caller = principal([], home);
        const { gte, lt, ...more } = visibleTo(caller).path as { gte: string; lt: string };
        expect(more).toEqual({});
        expect(gte <= other && other < lt).toBe(canSee(caller, other));
      }),
      { numRuns: 300 },
    );
  });
});

test('who is at home in the whole installation sees everything, without a filter', () => {
  fc.assert(
    fc.property(path, (other) => {
      expect(canSee(principal([], null), other)).toBe(true);
    }),
  );
  expect(visibleTo(principal([], null))).toEqual({});
});
