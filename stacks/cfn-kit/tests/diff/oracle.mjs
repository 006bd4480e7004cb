// Asks AWS's own template differ about every pair in pairs/ and writes what it says to oracle.json.
// How to run it stands in README.md beside this file.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = '@aws-cdk/cloudformation-diff';
const VERSION = '2.187.5';

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(join(process.cwd(), 'node_modules', 'of.this.folder'));
const { version } = require(`${PACKAGE}/package.json`);
if (version !== VERSION) throw new Error(`${PACKAGE} is ${version} here; the answers are those of ${VERSION}`);
const { fullDiff, ResourceImpact } = require(PACKAGE);
const { parse } = require('yaml');

const SETS = {
  replaced: ResourceImpact.WILL_REPLACE,
  may_replace: ResourceImpact.MAY_REPLACE,
  destroyed: ResourceImpact.WILL_DESTROY,
  orphaned: ResourceImpact.WILL_ORPHAN,
};

const pairs = {};
for (const file of readdirSync(join(here, 'pairs')).filter(file => file.endsWith('.yaml')).sort()) {
  const { old, new: next } = parse(readFileSync(join(here, 'pairs', file), 'utf8'));
  const answer = Object.fromEntries(Object.keys(SETS).map(set => [set, []]));
  fullDiff(old, next).resources.forEachDifference((id, change) => {
    for (const [set, impact] of Object.entries(SETS)) {
      if (change.changeImpact === impact) answer[set].push(id);
    }
  });
  for (const ids of Object.values(answer)) ids.sort();
  pairs[file.replace(/\.yaml$/, '')] = answer;
}
writeFileSync(join(here, 'oracle.json'), `${JSON.stringify({ package: PACKAGE, version, pairs }, null, 1)}\n`);
console.log(`${Object.keys(pairs).length} pairs judged by ${PACKAGE} ${version}`);
