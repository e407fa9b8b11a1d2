import { DriverAdapterError } from '@prisma/driver-adapter-utils';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { isCycle, isRetryable, isUnavailable, violatesUnique } from '../../src/db/errors.ts';
import { Prisma } from '../../src/db/generated/prisma/client.ts';
import { StratumError } from '../../src/domain/errors.ts';

type Cause = ConstructorParameters<typeof DriverAdapterError>[0];

/** What a model's method throws. The shapes in this file are those of Prisma 7.10 with adapter-pg and of pg 8.23, as seen on a server. */
function byModel(code: string, message: string, cause: Cause): Error {
  const meta = { modelName: 'Tenant', driverAdapterError: new DriverAdapterError(cause) };
  return new Prisma.PrismaClientKnownRequestError(message, { code, meta, clientVersion: '7.10.0' });
}

/** What `$queryRaw` and `$executeRaw` throw. */
function byRaw(cause: Cause): Error {
  const { originalCode = 'N/A', originalMessage = 'as the kind says' } = cause;
  const message = `\nInvalid \`prisma.$executeRaw()\` invocation:\n\n\nRaw query failed. Code: \`${originalCode}\`. Message: \`${originalMessage}\``;
  const meta = { driverAdapterError: new DriverAdapterError(cause) };
  return new Prisma.PrismaClientKnownRequestError(message, { code: 'P2010', meta, clientVersion: '7.10.0' });
}

/** What PostgreSQL says, as the adapter passes it on when it has no kind of its own for it. */
function verbatim(code: string, message: string, severity = 'ERROR'): Cause {
  const fields = { code, severity, message, detail: undefined, column: undefined, hint: undefined };
  return { originalCode: code, originalMessage: message, kind: 'postgres', ...fields };
}

/** What a query on the pool throws. */
function byPg(code: string, message: string, more: object = {}): Error {
  return Object.assign(new pg.DatabaseError(message, message.length, 'error'), { code, severity: 'ERROR', ...more });
}

function bySystem(code: string, more: object = {}): Error {
  return Object.assign(new Error(`connect ${code} 127.0.0.1:5432`), { code, errno: -111, syscall: 'connect', ...more });
}

const duplicate = 'duplicate key value violates unique constraint "tenant_slug"';
const slugTaken = {
  originalCode: '23505',
  originalMessage: duplicate,
  kind: 'UniqueConstraintViolation',
  constraint: { index: 'tenant_slug' },
} as const;
const uniqueViolations = {
  'a model': byModel('P2002', 'Unique constraint failed on the constraint: `tenant_slug`', slugTaken),
  'a raw statement': byRaw(slugTaken),
  'a raw statement on columns': byRaw({
    ...slugTaken,
    originalMessage: 'duplicate key',
    constraint: { fields: ['tenant_slug'] },
  }),
  'the pool': byPg('23505', duplicate, { constraint: 'tenant_slug', table: 'tenants' }),
};

const moved = "tenant 1 can't move beneath itself";
const cycles = { 'a raw statement': byRaw(verbatim('STR01', moved)), 'the pool': byPg('STR01', moved) };

const conflict = (originalCode: string, originalMessage: string): Cause => ({
  originalCode,
  originalMessage,
  kind: 'TransactionWriteConflict',
});
const serialization = conflict('40001', 'could not serialize access due to concurrent update');
const retryable = {
  'a model': byModel('P2034', 'Transaction failed due to a write conflict or a deadlock.', serialization),
  'a raw statement': byRaw(serialization),
  'a deadlock': byRaw(conflict('40P01', 'deadlock detected')),
  'the pool': byPg('40001', 'could not serialize access'),
  'a deadlock on the pool': byPg('40P01', 'deadlock detected'),
};

const unreachable = { kind: 'DatabaseNotReachable', host: '127.0.0.1', port: 1 } as const;
const unavailable = {
  'nobody listening, told by a model': byModel('P1001', "Can't reach database server at 127.0.0.1:1", unreachable),
  'nobody listening, told by a raw statement': byRaw(unreachable),
  'nobody listening, told by the pool': bySystem('ECONNREFUSED'),
  'nobody listening on any address': Object.assign(new AggregateError([bySystem('ECONNREFUSED')]), {
    code: 'ECONNREFUSED',
  }),
  'no such host': bySystem('ENOTFOUND', { syscall: 'getaddrinfo' }),
  'no way to the host': bySystem('EHOSTUNREACH'),
  'no way to the network': bySystem('ENETUNREACH'),
  'no such socket, told by a model': new Prisma.PrismaClientKnownRequestError('connect ENOENT', {
    code: 'ENOENT',
    meta: { modelName: 'Tenant' },
    clientVersion: '7.10.0',
  }),
  'a connection that broke, told by a raw statement': byRaw({ kind: 'ConnectionClosed' }),
  'a connection that fell silent, told by a raw statement': byRaw({ kind: 'SocketTimeout' }),
  'a connection that broke, told by the pool': new Error('Connection terminated unexpectedly'),
  'a server that says nothing': new Error('Connection terminated due to connection timeout', {
    cause: new Error('Connection terminated unexpectedly'),
  }),
  'no free connection': new Error('timeout exceeded when trying to connect'),
  'no free connection for a transaction': new Prisma.PrismaClientKnownRequestError(
    'Transaction API error: Unable to start a transaction in the given time.',
    { code: 'P2028', meta: {}, clientVersion: '7.10.0' },
  ),
  'a closed pool': new Error('Cannot use a pool after calling end on the pool'),
  'a statement that took too long': byRaw(verbatim('57014', 'canceling statement due to statement timeout')),
  'a statement on the pool that took too long': byPg('57014', 'canceling statement due to statement timeout'),
  'a server that shuts down': byRaw(verbatim('57P01', 'terminating connection', 'FATAL')),
  'a server that starts up': byPg('57P03', 'the database system is starting up'),
  'too many connections': byModel('P2037', 'Too many database connections opened', {
    originalCode: '53300',
    originalMessage: 'sorry, too many clients already',
    kind: 'TooManyConnections',
    cause: 'sorry, too many clients already',
  }),
};

const others = {
  'a mistake in SQL': byRaw(verbatim('42601', 'syntax error at or near "selec"')),
  'a missing row': new Prisma.PrismaClientKnownRequestError('No record was found for a query.', {
    code: 'P2025',
    meta: { modelName: 'Tenant' },
    clientVersion: '7.10.0',
  }),
  'a missing parent': byRaw({
    originalCode: '23503',
    originalMessage: 'parent 1 does not exist',
    kind: 'ForeignKeyConstraintViolation',
  }),
  'a refusal of ours': new StratumError('TENANT_NOT_FOUND', 'No such tenant'),
  'a bug': new TypeError('x is not a function'),
  'a text': 'ECONNREFUSED 23505 40001',
  nothing: undefined,
  null: null,
};

function namesOf(errors: Readonly<Record<string, unknown>>, judge: (error: unknown) => boolean): string[] {
  return Object.keys(errors).filter((name) => judge(errors[name]));
}

const all = Object.entries({ uniqueViolations, cycles, retryable, unavailable, others });

describe.each<[string, (error: unknown) => boolean, object]>([
  ['a violation of a unique index', (error) => violatesUnique(error, 'tenant_slug'), uniqueViolations],
  ['a cycle', isCycle, cycles],
  ['what may succeed when repeated', isRetryable, retryable],
  ['a database that is unavailable', isUnavailable, unavailable],
])('%s', (_what, judge, own) => {
  test('is known whoever tells it', () => {
    expect(namesOf({ ...own }, judge)).toEqual(Object.keys(own));
  });

  test('is known behind the errors it caused', () => {
    const wrapped = Object.entries(own).map(([name, cause]) => [name, new Error('wrapped', { cause })]);
    expect(namesOf(Object.fromEntries(wrapped), judge)).toEqual(Object.keys(own));
  });

  test('is nothing else', () => {
    const taken = all.filter(([, errors]) => errors !== own).flatMap(([, errors]) => namesOf(errors, judge));
    expect(taken).toEqual([]);
  });
});

test('a violation of another unique index is not taken for this one', () => {
  expect(namesOf(uniqueViolations, (error) => violatesUnique(error, 'tenants_path_key'))).toEqual([]);
  expect(violatesUnique(byRaw(verbatim('42601', 'syntax error near tenant_slug')), 'tenant_slug')).toBe(false);
});

test('an error that causes itself is walked to an end', () => {
  const endless = new Error('endless');
  endless.cause = endless;
  expect([isUnavailable(endless), isRetryable(endless)]).toEqual([false, false]);
});
