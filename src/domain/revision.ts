import { StratumError } from './errors.ts';

/**
 * The optimistic lock behind every `ifRevision`: the caller says at which revision of the tree it last looked.
 * `REVISION_MISMATCH` when the thing changed after that, or when the number is of a tree that isn't this one.
 * A thing that doesn't exist (any more) has changed, unless the caller says 0: "not there yet".
 */
export function assertUnchanged(
  ifRevision: number | null | undefined,
  { changedAt, treeRevision }: { changedAt: bigint | null; treeRevision: bigint },
): void {
  if (ifRevision === undefined || ifRevision === null) {
    return;
  }
  const seen = BigInt(ifRevision);
  const unchanged = changedAt === null ? seen === 0n : changedAt <= seen && seen <= treeRevision;
  if (!unchanged) {
    throw new StratumError('REVISION_MISMATCH', 'It changed since that revision', {
      details: { if_revision: ifRevision, revision: changedAt === null ? null : Number(changedAt) },
    });
  }
}
