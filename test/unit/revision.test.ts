import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StratumError } from '../../src/domain/errors.ts';
import { assertUnchanged } from '../../src/domain/revision.ts';

const revision = fc.integer({ min: 1, max: 40 });
const state = fc
  .tuple(fc.option(revision), fc.nat({ max: 20 }))
  .map(([changedAt, since]) => ({ changedAt, treeRevision: (changedAt ?? 0) + since }));

function mismatch(ifRevision: number | null | undefined, at: { changedAt: number | null; treeRevision: number }) {
  try {
    assertUnchanged(ifRevision, {
      changedAt: at.changedAt === null ? null : BigInt(at.changedAt),
      treeRevision: BigInt(at.treeRevision),
    });
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(StratumError);
    return error as StratumError;
  }
}

test('who names no revision is never refused', () => {
  fc.assert(
    fc.property(fc.constantFrom(null, undefined), state, (none, at) => {
      expect(mismatch(none, at)).toBeNull();
    }),
  );
});

describe('a thing that exists', () => {
  test('is unchanged at every revision from its last change to the newest of the tree, and at no other', () => {
    fc.assert(
      fc.property(revision, fc.nat({ max: 20 }), (changedAt, since) => {
        const at = { changedAt, treeRevision: changedAt + since };
        const accepted = Array.from({ length: 100 }, (_, index) => index - 10).filter((seen) => !mismatch(seen, at));
        expect(accepted).toEqual(Array.from({ length: since + 1 }, (_, index) => changedAt + index));
      }),
    );
  });

  test('is told about with the revision it has now', () => {
    expect(mismatch(3, { changedAt: 5, treeRevision: 9 })?.toJSON()).toMatchObject({
      code: 'REVISION_MISMATCH',
      details: { if_revision: 3, revision: 5 },
    });
  });
});

describe('a thing that does not exist', () => {
  test('is unchanged for who expects nothing there, and only for them', () => {
    fc.assert(
      fc.property(fc.integer({ min: -5, max: 40 }), revision, (seen, treeRevision) => {
        expect(mismatch(seen, { changedAt: null, treeRevision }) === null).toBe(seen === 0);
      }),
    );
  });

  test('is told about with no revision', () => {
    expect(mismatch(3, { changedAt: null, treeRevision: 9 })?.details).toEqual({ if_revision: 3, revision: null });
  });
});

test('a number beyond those a revision can have is a mismatch, not a fault', () => {
  expect(mismatch(Number.MAX_SAFE_INTEGER, { changedAt: 1, treeRevision: 1 })?.code).toBe('REVISION_MISMATCH');
});
