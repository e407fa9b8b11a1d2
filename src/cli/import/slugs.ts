import anyAscii from 'any-ascii';

/** What a slug looks like in every door. */
export const slugPattern = /^[a-z][a-z0-9_]{0,62}$/;

const longest = 63;

/** A slug made of a name in any script, or of the id where the name has nothing to offer: `Île-de-France` → `ile_de_france`. */
export function slugFrom(name: string, id: string): string {
  const slug = plain(name) || plain(id) || 'tenant';
  return cut(/^[a-z]/.test(slug) ? slug : `t_${slug}`, longest);
}

/**
 * The first of `slug`, `slug_id`, `slug_2`, `slug_3`, … that is free. The same file gives the same slugs every time, so that an
 * import can be run again.
 */
export function freeSlug(slug: string, id: string, isFree: (slug: string) => boolean): string {
  if (isFree(slug)) {
    return slug;
  }
  const suffix = cut(plain(id), 31);
  const withId = suffixed(slug, suffix);
  if (suffix !== '' && isFree(withId)) {
    return withId;
  }
  for (let number = 2; ; number += 1) {
    const numbered = suffixed(slug, String(number));
    if (isFree(numbered)) {
      return numbered;
    }
  }
}

function plain(text: string): string {
  return anyAscii(text.normalize('NFC'))
    .toLowerCase()
    .replaceAll(/['"`]/g, '')
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_|_$/g, '');
}

function suffixed(slug: string, suffix: string): string {
  return `${cut(slug, longest - suffix.length - 1)}_${suffix}`;
}

function cut(slug: string, length: number): string {
  return slug.slice(0, length).replace(/_$/, '');
}
