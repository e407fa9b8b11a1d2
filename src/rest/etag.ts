/** What `ReadTag` and `WriteTag` select of a tenant. */
interface Tagged {
  readonly tagRoot: string;
  readonly tagRevision: number;
}

/** The entity tag of anything a tenant answers: which tree, and how far its ledger had come. */
export function entityTag({ tagRoot, tagRevision }: Tagged): string {
  return `"${treeOf(tagRoot)}-${tagRevision}"`;
}

/** Whether a result carries what an entity tag is made of. */
export function isTagged(value: unknown): value is Tagged {
  return typeof value === 'object' && value !== null && 'tagRoot' in value;
}

/** A result without the fields that were only selected for its tag. */
export function withoutTag({ tagRoot: _root, tagRevision: _revision, ...rest }: Tagged): object {
  return rest;
}

/** Whether `If-None-Match` names the tag: weakly, as HTTP wants it. */
export function namesTag(header: string, tag: string): boolean {
  return header.trim() === '*' || tagsOf(header).some((one) => one.replace(/^W\//, '') === tag);
}

/** The highest revision that `If-Match` names of the tree with this root; null when it names none. Weak tags never match. */
export function revisionNamed(header: string, rootId: string): number | null {
  const tree = treeOf(rootId);
  const revisions = tagsOf(header).flatMap((tag) => {
    const [, named, revision] = /^"([0-9a-f]{12})-(\d{1,15})"$/.exec(tag) ?? [];
    return named === tree ? [Number(revision)] : [];
  });
  return revisions.length === 0 ? null : Math.max(...revisions);
}

/** The random end of the root's id: its beginning is the time, which trees of the same minute share. */
function treeOf(rootId: string): string {
  return rootId.slice(-12);
}

function tagsOf(header: string): string[] {
  return header.split(',').map((tag) => tag.trim());
}
