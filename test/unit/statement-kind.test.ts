import { expect, test } from 'vitest';
import { kindOf, operationOf } from '../../src/db/statement-kind.ts';

test.each([
  ['select 1', 'SELECT', 'read'],
  ['  SELECT "a" FROM b FOR UPDATE', 'SELECT', 'read'],
  ['(select 1) union (select 2)', 'SELECT', 'read'],
  ['-- why\n/* and how */ select 1', 'SELECT', 'read'],
  ['values (1)', 'VALUES', 'read'],
  ['with a as (select updated_at from t) select * from a for update', 'SELECT', 'read'],
  ['with a as (select 1 from t for no key update of t) select * from a', 'SELECT', 'read'],
  ['with a as (delete from t returning id) select * from a', 'DELETE', 'write'],
  ['with a as (select 1) insert into t select * from a', 'INSERT', 'write'],
  ['with a as (select 1)\nupdate "public"."t" as x set y = 1', 'UPDATE', 'write'],
  ['insert into t values (1) on conflict do nothing', 'INSERT', 'write'],
  ['UPDATE "t" SET a = $1', 'UPDATE', 'write'],
  ['delete from t', 'DELETE', 'write'],
  ['BEGIN', 'BEGIN', 'other'],
  ['COMMIT', 'COMMIT', 'other'],
  ['set local lock_timeout = 1', 'SET', 'other'],
  ['constructor', 'OTHER', 'other'],
  ['', 'OTHER', 'other'],
])('%j is a %s, and so a %s', (text, operation, kind) => {
  expect(operationOf(text)).toBe(operation);
  expect(kindOf(operationOf(text))).toBe(kind);
});
