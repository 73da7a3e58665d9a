// What mends each known deviation of the JavaScript evaluator: its operator, as JsonLogic has it. With a mend that makes
// both sides equal, a difference is proven to be that deviation and nothing else.
'use strict';

const listed = (data) => (Array.isArray(data) ? data : [data]);
const empty = (value) => value === null || value === undefined;

function number(value) {
  if (empty(value)) return 0;
  return typeof value === 'object' ? NaN : Number(value);
}

function ordered(holds) {
  return (data) =>
    listed(data).every((right, index, all) => {
      if (index === 0) return true;
      const left = all[index - 1];
      if (typeof left === 'string' && typeof right === 'string') return holds(left, right);
      return holds(number(left), number(right));
    });
}

function equal([a, b]) {
  if (empty(a) || empty(b)) return empty(a) && empty(b);
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && JSON.stringify(a) === JSON.stringify(b);
  }
  if (typeof a === typeof b) return a === b;
  return number(a) === number(b);
}

function missing(keys, context) {
  const at = (key) => String(key).split('.').reduce((value, name) => (empty(value) ? null : value[name]), context);
  return listed(keys).filter((key) => empty(at(key)) || at(key) === '');
}

// Each gets the methods of the engine that is made for a rule.
const METHODS = {
  'null-text': {
    cat: (data) => listed(data).map((value) => (empty(value) ? '' : String(value))).join(''),
    substr: ([text, from, length]) => {
      const rest = (empty(text) ? '' : String(text)).substr(from);
      if (empty(length)) return rest;
      return rest.substr(0, length < 0 ? Math.max(0, rest.length + length) : length);
    },
  },
  'not-a-number': {
    '<': ordered((a, b) => a < b),
    '<=': ordered((a, b) => a <= b),
    '>': ordered((a, b) => a > b),
    '>=': ordered((a, b) => a >= b),
    '==': equal,
    '!=': (data) => !equal(data),
    '+': (data) => listed(data).reduce((sum, value) => sum + number(value), 0),
    '*': (data) => listed(data).reduce((product, value) => product * number(value), 1),
    '-': (data) => (listed(data).length < 2 ? -number(listed(data)[0]) : number(data[0]) - number(data[1])),
    '/': ([a, b]) => number(a) / number(b),
    '%': ([a, b]) => number(a) % number(b),
    min: (data) => Math.min(...listed(data).map(number)),
    max: (data) => Math.max(...listed(data).map(number)),
  },
  'in-empty': {
    in: ([item, place]) => (typeof place === 'string' ? place.includes(item) : (place || []).includes(item)),
  },
  'missing-empty': {
    missing: { method: (keys, context) => missing(keys, context), lazy: true },
    missing_some: {
      method: ([count, keys], context) => {
        const found = missing(keys, context);
        return keys.length - found.length >= count ? [] : found;
      },
      lazy: true,
    },
  },
};

function mendMethods(require, names) {
  const module = require('json-logic-engine');
  const methods = Object.assign({}, ...names.map((name) => METHODS[name] ?? {}));
  module.LogicEngine = class extends module.LogicEngine {
    constructor(...rest) {
      super(...rest);
      for (const [name, method] of Object.entries(methods)) this.addMethod(name, method);
      if (names.includes('all-absent')) this.mendAll();
    }

    mendAll() {
      const { all } = this.methods;
      const method = (args, context, above, engine) => {
        const items = engine.run(args[0], context, { above });
        return Array.isArray(items) && all.method(args, context, above, engine);
      };
      this.addMethod('all', { method, lazy: true });
    }

    addMethod(name, method, ...rest) {
      if (name !== 'fractional' || !names.includes('null-key')) return super.addMethod(name, method, ...rest);
      return super.addMethod(
        name,
        (data, context) => method(Array.isArray(data) && empty(data[0]) ? data.slice(1) : data, context),
        ...rest,
      );
    }
  };
}

// Before the evaluator is loaded: it takes the hash function then.
function mendHash(require) {
  const place = require.resolve('imurmurhash');
  const Hash = require(place);
  require.cache[place].exports = function Bytes(text) {
    return new Hash(Buffer.from(text, 'utf8').toString('latin1'));
  };
}

exports.mend = (require, names) => {
  if (names.includes('utf16-hash')) mendHash(require);
  mendMethods(require, names);
};
