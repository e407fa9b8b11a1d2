import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { freeSlug, slugFrom, slugPattern } from '../../src/cli/import/slugs.ts';

describe('a slug made of a name', () => {
  test.each([
    ['AcmeSec', 'acmesec'],
    ['Île-de-France', 'ile_de_france'],
    ["Côte d'Ivoire", 'cote_divoire'],
    ['Łódzkie', 'lodzkie'],
    ['Großer Straßenbau GmbH & Co. KG', 'grosser_strassenbau_gmbh_co_kg'],
    ['Київ', 'kiiv'],
    ['Θεσσαλονίκη', 'thessaloniki'],
    ['東京', 'dongjing'],
    ['서울', 'seoul'],
    ['7-Eleven', 't_7_eleven'],
    ['  --  ', 'us_ca'],
  ])('%s becomes %s', (name, slug) => {
    expect(slugFrom(name, 'US-CA')).toBe(slug);
  });

  test('is the same whether accents are single characters or combined', () => {
    expect(slugFrom('Sao Tomé'.normalize('NFD'), '1')).toBe(slugFrom('Sao Tomé'.normalize('NFC'), '1'));
  });

  test('is always a slug, whatever the name and the id are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, id) => {
        expect(slugFrom(name, id)).toMatch(slugPattern);
      }),
    );
  });
});

describe('a slug that is taken', () => {
  test('gets the id behind it, then a number', () => {
    const taken = new Set<string>();
    const next = (id: string): string => {
      const slug = freeSlug('springfield', id, (candidate) => !taken.has(candidate));
      taken.add(slug);
      return slug;
    };

    const slugs = [next('US-IL'), next('US-MA'), next('US-MA'), next('–')];

    expect(slugs).toEqual(['springfield', 'springfield_us_ma', 'springfield_2', 'springfield_3']);
  });

  test('stays a slug, and apart from all others, whatever the ids are', () => {
    const long = 'a'.repeat(63);
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 80 }), { maxLength: 40 }), (ids) => {
        const slugs = new Set<string>();
        for (const id of ids) {
          slugs.add(freeSlug(long, id, (candidate) => !slugs.has(candidate)));
        }
        expect(slugs.size).toBe(ids.length);
        expect([...slugs].filter((slug) => !slugPattern.test(slug))).toEqual([]);
      }),
    );
  });
});
