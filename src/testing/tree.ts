import type { Client, CreateTenantsMutation } from '../client/index.ts';

/** Tenants by their slugs, each with those beneath it: `{ acme: { emea: {}, us: { store1: {} } } }`. */
export interface Shape {
  readonly [slug: string]: Shape;
}

export type TreeTenant = NonNullable<CreateTenantsMutation['createTenants']>[number];

type SlugsIn<Asked> = string extends keyof Asked
  ? string // nothing is known of its names
  : { [Slug in keyof Asked & string]: Slug | SlugsIn<Asked[Slug]> }[keyof Asked & string];

/** Every tenant of a tree by its slug, however deep it is. */
export type Tree<Asked> = { readonly [Slug in SlugsIn<Asked>]: TreeTenant };

/** The server takes so many at a time. */
const batchSize = 100;

/**
 * Makes a tenant for every name of a shape. Slugs are unique in an installation; names are the slugs.
 * @param parentSlug The tenant that all goes beneath; without one the outermost are roots.
 * @throws {TypeError} When a slug stands twice in the shape.
 * @throws {ApiError} What the server refuses; trees of up to 100 tenants are made as a whole or not at all.
 */
export async function createTree<const Asked extends Shape>(
  client: Pick<Client, 'createTenants'>,
  shape: Asked,
  parentSlug?: string,
): Promise<Tree<Asked>> {
  const items = [...itemsOf(shape, parentSlug)];
  const made: Record<string, TreeTenant> = {};
  assertUnique(items.map(({ slug }) => slug));
  for (let start = 0; start < items.length; start += batchSize) {
    const { createTenants } = await client.createTenants({ tenants: items.slice(start, start + batchSize) });
    for (const tenant of createTenants ?? []) {
      made[tenant.slug] = tenant;
    }
  }
  return made as Tree<Asked>; // one for each name that stands in it
}

/** Parents before their children. */
function* itemsOf(shape: Shape, parentSlug?: string): Generator<{ slug: string; name: string; parentSlug?: string }> {
  for (const [slug, beneath] of Object.entries(shape)) {
    yield { slug, name: slug, ...(parentSlug !== undefined && { parentSlug }) };
    yield* itemsOf(beneath, slug);
  }
}

function assertUnique(slugs: readonly string[]): void {
  const twice = slugs.find((slug, index) => slugs.indexOf(slug) !== index);
  if (twice !== undefined) {
    throw new TypeError(`The slug "${twice}" stands twice in the tree: slugs are unique in an installation`);
  }
}
