import { expect, test } from 'vitest';
import { entityTag, isTagged, namesTag, revisionNamed, withoutTag } from '../../src/rest/etag.ts';

const tree = '0193a5b0-0000-7000-8000-00000000abcd';
const sibling = '0193a5b0-0000-7000-8000-00000000abce';
const tag = entityTag({ tagRoot: tree, tagRevision: 7 });

test('a tag names the tree and its revision', () => {
  expect(tag).toBe('"00000000abcd-7"');
});

test('trees that were created in the same moment have different tags', () => {
  expect(entityTag({ tagRoot: sibling, tagRevision: 7 })).not.toBe(tag);
});

test.each([tag, `W/${tag}`, `"x", ${tag}`, '*', ` ${tag} `])('If-None-Match %j names it', (header) => {
  expect(namesTag(header, tag)).toBe(true);
});

test.each(['', '"x"', '00000000abcd-7', '"00000000abcd-70"', '"00000000abcd"'])(
  'If-None-Match %j does not',
  (header) => {
    expect(namesTag(header, tag)).toBe(false);
  },
);

test.each([
  [tag, 7],
  [`"x", ${tag}`, 7],
  [`"00000000abcd-9", ${tag}`, 9],
])('If-Match %j names a revision of the tree', (header, revision) => {
  expect(revisionNamed(header, tree)).toBe(revision);
});

test.each([
  '',
  '"x"',
  `W/${tag}`,
  '"00000000abce-7"',
  '"00000000abcd--7"',
  '00000000abcd-7',
  `"00000000abcd-${'9'.repeat(30)}"`,
])('If-Match %j names none', (header) => {
  expect(revisionNamed(header, tree)).toBeNull();
});

test('the fields of the tag never reach a body', () => {
  const tagged = { id: 1, tagRoot: tree, tagRevision: 7 };
  expect(isTagged(tagged) && withoutTag(tagged)).toEqual({ id: 1 });
  expect([isTagged({ id: 1 }), isTagged(null), isTagged('tagRoot')]).toEqual([false, false, false]);
});
