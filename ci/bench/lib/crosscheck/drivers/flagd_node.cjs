// The official JavaScript evaluator behind JSON lines; the form is that of flagd_python.py. The arguments: where the
// evaluator is installed, then known deviations that are to be mended, see mends_node.cjs.
'use strict';

const { createRequire } = require('node:module');
const readline = require('node:readline');

const { mend } = require('./mends_node.cjs');

const installed = createRequire(process.argv[2]);
mend(installed, process.argv.slice(3));
const { FlagdCore } = installed('@openfeature/flagd-core');

const silent = { error() {}, warn() {}, info() {}, debug() {} };

function answer(core, flags, key, context) {
  const kind = typeof Object.values(flags[key].variants)[0];
  const resolve = { boolean: 'Boolean', string: 'String', number: 'Number', object: 'Object' }[kind];
  const found = core[`resolve${resolve}Evaluation`](key, null, context, silent);
  if (found.errorCode) {
    const code = /targeting rule/.test(found.errorMessage) ? `CRASH ${found.errorCode}` : found.errorCode;
    return [null, null, found.reason, code];
  }
  const chosen = found.variant !== undefined && found.variant !== null;
  return [chosen ? found.variant : null, chosen ? found.value : null, found.reason, null];
}

const lines = readline.createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const { set, asks } = JSON.parse(line);
  const core = new FlagdCore(undefined, silent);
  core.setConfigurations(JSON.stringify(set));
  const answers = asks.map(([key, context]) => answer(core, set.flags, key, context));
  process.stdout.write(`${JSON.stringify(answers)}\n`);
});
