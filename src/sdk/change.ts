/** Something that happened to a tenant, and so to what is known of all beneath it. */
export interface Change {
  readonly tenantId: string;
  /** Where it stands in the ledger of a tree; null for what can't be placed, so that nothing known before holds. */
  readonly place: { readonly tree: string; readonly revision: number } | null;
}

/** Whether what was read of a tree at a revision may lack a change. Revisions of different trees say nothing about each other. */
export function mayLack({ tree, revision }: { tree: string; revision: number }, { place }: Change): boolean {
  return place === null || place.tree !== tree || place.revision > revision;
}

/** Kinds of events that no context shows anything of. Whatever isn't known here may be of consequence. */
const harmless = /^(webhook|api_key|role|encryption)\.|^tenant\.(created|reordered)$/;

export function isOfConsequence(eventType: string): boolean {
  return !harmless.test(eventType);
}
