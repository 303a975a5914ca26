import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { unwrap } from '../../bytes/container.ts';
import { readPickle } from '../read.ts';
import type { Verdict } from './audit.ts';
import { auditPickle } from './audit.ts';

const estimators = (module: string, name: string) => `${module}.${name}` === 'sklearn.svm._classes.SVC';

function audit(stream: string) {
  return auditPickle(readPickle(Buffer.from(stream, 'latin1')), estimators);
}

/** Audit of one name, mentioned or called. */
function verdict(module: string, name: string, call = ''): Verdict | undefined {
  return audit(`c${module}\n${name}\n${call}.`).globals[0]?.verdict;
}

const NO_ARGUMENTS = ')R';
const ONE_ARGUMENT = 'N\x85R';
const THREE_ARGUMENTS = 'NNN\x87R';

describe('verdicts on names', () => {
  const rows: readonly (readonly [verdict: Verdict, module: string, name: string, call?: string])[] = [
    ['known estimator', 'sklearn.svm._classes', 'SVC'],
    ['known data', 'sklearn.tree._tree', 'Tree', THREE_ARGUMENTS],
    ['known data', 'sklearn.linear_model._logistic', 'LogisticRegression'],
    ['known data', 'sklearn.ensemble.forest', 'RandomForestClassifier'],
    ['known data', 'numpy', 'dtype', THREE_ARGUMENTS],
    ['known data', 'numpy._core.multiarray', '_reconstruct', THREE_ARGUMENTS],
    ['known data', 'numpy.core._multiarray_umath', 'log1p'],
    ['known data', '__builtin__', 'set', ONE_ARGUMENT],
    ['known data', '__builtin__', 'long'],
    ['known data', 'copy_reg', '_reconstructor', THREE_ARGUMENTS],
    ['known data', 'builtins', 'str.lower'],
    ['known data', 'builtins', 'type', ONE_ARGUMENT],
    ['known data', 'scipy.stats._continuous_distns', 'norm_gen'],
    ['known data', 'sklearn.metrics._regression', 'r2_score'],

    ['unknown', '__main__', 'MyTransformer'],
    ['unknown', 'xgboost.sklearn', 'XGBClassifier'],
    ['unknown', 'category_encoders.ordinal', 'OrdinalEncoder'],
    ['unknown', 'cloudpickle.cloudpickle', '_make_function'],
    ['unknown', 'sklearn.brand_new', 'BrandNewClassifier'],
    // A function by reference is data; called, it is code on arguments of the file.
    ['unknown', 'sklearn.metrics._regression', 'r2_score', NO_ARGUMENTS],
    ['unknown', 'numpy', 'log1p', ONE_ARGUMENT],

    ['dangerous', 'os', 'system'],
    ['dangerous', 'posix', 'system'],
    ['dangerous', 'nt', 'system'],
    ['dangerous', 'builtins', 'eval'],
    ['dangerous', '__builtin__', 'execfile'],
    ['dangerous', 'builtins', 'getattr'],
    ['dangerous', 'builtins', 'type', THREE_ARGUMENTS],
    ['dangerous', 'numpy', 'memmap', ONE_ARGUMENT],
    ['dangerous', 'joblib', 'load'],
    ['dangerous', 'sklearn.datasets._base', 'load_files'],
    // Modules that a library happens to import.
    ['dangerous', 'sklearn.base', 'os'],
    ['dangerous', 'sklearn.base', 'os.system'],
    ['dangerous', 'numpy', 'core.multiarray'],
    ['dangerous', 'numpy.core', '__builtins__'],
    ['dangerous', 'my.package', 'subprocess.run'],
    ['dangerous', 'email', 'message_from_string'],
    ['dangerous', 'xml.etree.ElementTree', 'parse'],
  ];
  for (const [expected, module, name, call] of rows) {
    it(`${module}.${name}${call === undefined ? '' : ', called'} is ${expected}`, () => {
      assert.equal(verdict(module, name, call), expected);
    });
  }
});

describe('verdict on a file', () => {
  it('is the worst of its names', () => {
    assert.equal(audit('N.').verdict, 'known data');
    assert.equal(audit('csklearn.svm._classes\nSVC\n.').verdict, 'known estimator');
    assert.equal(audit('csklearn.svm._classes\nSVC\n0c__main__\nA\n.').verdict, 'unknown');
    const { verdict, dangers } = audit('c__main__\nA\n0cos\nsystem\n.');
    assert.equal(verdict, 'dangerous');
    assert.deepEqual(dangers, [{ what: 'names os.system, which would run a program', offset: 13 }]);
  });

  it('counts what is no name', () => {
    const { verdict, dangers } = audit('c__main__\nA\n)R)R.');
    assert.equal(verdict, 'dangerous');
    assert.deepEqual(dangers, [{ what: 'calls a value that is not a name', offset: 15 }]);
  });

  it('lets cloudpickle make code objects, which it does for every function kept by value', () => {
    assert.equal(
      audit('ccloudpickle.cloudpickle\n_builtin_type\nX\x08\0\0\0CodeType\x85R)R.').verdict,
      'unknown',
    );
  });

  it('has nothing against anything in the fixtures', () => {
    for (const file of ['arrays', 'structs', 'scalars', 'values', 'sparse', 'indexes', 'named']) {
      const url = new URL(`../fixtures/${file}.json`, import.meta.url);
      const { cases } = JSON.parse(readFileSync(url, 'utf8')) as {
        cases: { name: string; pickle: string }[];
      };
      for (const { name, pickle } of cases) {
        const found = auditPickle(readPickle(unwrap(Buffer.from(pickle, 'base64')).bytes), estimators);
        assert.equal(found.verdict, 'known data', `${file}: ${name}`);
      }
    }
  });
});

describe('the state of a scipy distribution', () => {
  // scipy 1.17: the text in scipy.stats.uniform, beta and poisson.
  const template = (shapes: string, loc: string, out: string) =>
    `\ndef _parse_args(self, ${shapes} ${loc}):\n    return (${shapes}), ${out}\n\ndef _parse_args_rvs(self, ${shapes} ${loc}, size=None):\n    return self._argcheck_rvs(${shapes} ${out}, size=size)\n\ndef _parse_args_stats(self, ${shapes} ${loc}, moments='mv'):\n    return (${shapes}), ${out}, moments\n`;
  const text = (value: string) =>
    `X${String.fromCharCode(value.length & 255, value.length >> 8)}\0\0${value}`;
  const built = (state: string) =>
    audit(`cscipy.stats._continuous_distns\nnorm_gen\n)\x81${state}b.`).verdict;
  const withTemplate = (value: string) => built(`}${text('_parse_arg_template')}${text(value)}s`);

  it('is data in the form scipy writes', () => {
    assert.equal(withTemplate(template('', 'loc=0, scale=1', 'loc, scale')), 'known data');
    assert.equal(withTemplate(template('a, b, ', 'loc=0, scale=1', 'loc, scale')), 'known data');
    assert.equal(withTemplate(template('mu, ', 'loc=0', 'loc, 1')), 'known data');
    assert.equal(built('}'), 'known data');
    // scipy before 1.6: (arguments of the constructor, random state)
    assert.equal(built(`}(${text('a')}N${text('b')}N${text('name')}NuN\x86`), 'known data');
  });

  it('is code in any other', () => {
    assert.equal(withTemplate('import os\nos.system("id")'), 'dangerous');
    assert.equal(
      withTemplate(template('', "loc=__import__('os').system('id'), scale=1", 'loc, scale')),
      'dangerous',
    );
    assert.equal(withTemplate(`${template('', 'loc=0, scale=1', 'loc, scale')}import os`), 'dangerous');
    // dict.update takes pairs as well, and a dict of two keys for a pair.
    assert.equal(built(`](${text('_parse_arg_template')}${text('import os')}ta`), 'dangerous');
    assert.equal(built(`}(${text('_parse_arg_template')}N${text('import os')}NuN\x86`), 'dangerous');
  });
});
