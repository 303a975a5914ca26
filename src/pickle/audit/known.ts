/**
 * The names that a pickle may mention as data: a fixed list. Calling one of them, in the way that is allowed here, makes
 * a value and does nothing else.
 */
import { modernName } from '../numpy.ts';
import { SKLEARN_CLASSES, SKLEARN_FUNCTIONS } from './sklearn-names.ts';

/** `call`: may be called with anything. `refer`: may be mentioned but not called. A number: called with at most so many arguments. */
type Use = 'call' | 'refer' | number;

/** Module, use, names separated by spaces. Names are in `modernName`'s spelling. */
const ROWS: readonly (readonly [module: string, use: Use, names: string])[] = [
  // Python
  [
    'builtins',
    'call',
    'object int float bool complex str bytes bytearray list tuple dict set frozenset slice range NotImplementedType',
  ],
  // type(None); with three arguments it would make a class.
  ['builtins', 1, 'type'],
  [
    'builtins',
    'refer',
    'abs all any chr divmod enumerate hash len max min ord pow repr reversed round sorted sum zip Ellipsis NotImplemented None True False ' +
      'str.lower str.upper str.strip str.split str.casefold str.title str.capitalize',
  ],
  [
    'builtins',
    'refer',
    'Exception ValueError TypeError KeyError IndexError RuntimeError ArithmeticError Warning UserWarning',
  ],
  ['copyreg', 'call', '_reconstructor __newobj__ __newobj_ex__'],
  ['_codecs', 'call', 'encode'],
  ['collections', 'call', 'OrderedDict defaultdict Counter deque UserDict UserList UserString'],
  ['functools', 'call', 'partial'],
  ['operator', 'call', 'itemgetter'],
  ['datetime', 'call', 'datetime date time timedelta timezone'],
  ['_datetime', 'call', 'datetime date time timedelta timezone'],
  ['decimal', 'call', 'Decimal'],
  ['fractions', 'call', 'Fraction'],
  ['uuid', 'call', 'UUID SafeUUID'],
  ['types', 'call', 'SimpleNamespace'],
  ['pathlib', 'call', 'Path PosixPath WindowsPath PurePath PurePosixPath PureWindowsPath'],
  ['pathlib._local', 'call', 'Path PosixPath WindowsPath PurePath PurePosixPath PureWindowsPath'],
  ['re', 'call', '_compile'],
  ['random', 'call', 'Random'],
  ['array', 'call', 'array _array_reconstructor'],
  ['logging', 'call', 'getLogger'],
  [
    'math',
    'refer',
    'acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh degrees erf erfc exp exp2 expm1 fabs factorial floor ' +
      'fmod gamma hypot isfinite isinf isnan lgamma log log10 log1p log2 pow radians sin sinh sqrt tan tanh trunc',
  ],
  ['statistics', 'refer', 'mean median mode stdev variance'],

  // numpy
  [
    'numpy',
    'refer',
    'ndarray matrix memmap recarray record void chararray generic number integer signedinteger unsignedinteger inexact floating ' +
      'complexfloating flexible character poly1d errstate nan inf',
  ],
  [
    'numpy',
    'call',
    'dtype bool bool_ bool8 int_ intc intp int8 int16 int32 int64 uint uintc uintp uint8 uint16 uint32 uint64 byte ubyte short ' +
      'ushort long ulong longlong ulonglong half single double longdouble float_ float16 float32 float64 float96 float128 ' +
      'csingle cdouble clongdouble complex_ complex64 complex128 complex192 complex256 object_ str_ string_ bytes_ unicode_ ' +
      'datetime64 timedelta64',
  ],
  ...[
    'numpy',
    'numpy.core.multiarray',
    'numpy.core.umath',
    'numpy.core.fromnumeric',
    'numpy.lib.function_base',
  ].map((module) => [module, 'refer', numpyFunctions()] as const),
  ['numpy.core.multiarray', 'call', '_reconstruct scalar'],
  ['numpy.core.multiarray', 'refer', 'ndarray dtype array asarray concatenate dot where'],
  ['numpy.core.numeric', 'call', '_frombuffer'],
  // What it looks up is judged on its own: the machine takes its arguments for a name.
  ['numpy.core', 'call', '_ufunc_reconstruct'],
  [
    'numpy.core.fromnumeric',
    'refer',
    'amax amin around clip cumsum mean prod ravel reshape round_ squeeze std sum var',
  ],
  ['numpy.lib.type_check', 'refer', 'nan_to_num'],
  ['numpy.ma', 'refer', 'MaskedArray'],
  ['numpy.ma.core', 'refer', 'MaskedArray'],
  ['numpy.ma.core', 'call', '_mareconstruct MaskedConstant'],
  ['numpy.matrixlib.defmatrix', 'refer', 'matrix'],
  ['numpy.rec', 'refer', 'recarray record'],
  ['numpy.core.records', 'refer', 'recarray record'],
  ['numpy.core.memmap', 'refer', 'memmap'],
  ['numpy.random', 'call', '__RandomState_ctor'],
  ['numpy.random', 'refer', 'RandomState'],
  // As skops names them: the class of a generator is looked up there.
  ['numpy.random', 'call', 'MT19937 PCG64 PCG64DXSM Philox SFC64'],
  [
    'numpy.random._pickle',
    'call',
    '__randomstate_ctor __generator_ctor __bit_generator_ctor __bit_generator_unpickle',
  ],
  ['numpy.random.mtrand', 'call', 'RandomState'],
  ['numpy.random._generator', 'call', 'Generator'],
  ['numpy.random._mt19937', 'call', 'MT19937'],
  ['numpy.random._pcg64', 'call', 'PCG64 PCG64DXSM'],
  ['numpy.random._philox', 'call', 'Philox'],
  ['numpy.random._sfc64', 'call', 'SFC64'],
  ['numpy.random.bit_generator', 'call', 'SeedSequence __pyx_unpickle_SeedSequence'],

  // scipy
  ...sparseRows(),
  ['scipy.interpolate._bsplines', 'call', 'BSpline _BSpline'],
  ['scipy.interpolate._interpolate', 'call', 'interp1d PPoly'],
  ['scipy.interpolate.interpolate', 'call', 'interp1d PPoly'],
  ['scipy.interpolate._fitpack2', 'call', 'UnivariateSpline'],
  ['scipy.spatial._ckdtree', 'call', 'cKDTree'],
  ['scipy.spatial.ckdtree', 'call', 'cKDTree'],
  ['scipy.spatial._kdtree', 'call', 'KDTree'],
  ['scipy._lib.array_api_compat.numpy._aliases', 'refer', 'asarray'],
  ['scipy._lib.array_api_compat.numpy', 'refer', 'asarray'],
  [
    'scipy.stats._distn_infrastructure',
    'call',
    'rv_frozen rv_continuous_frozen rv_discrete_frozen rv_continuous rv_discrete rv_sample rv_generic',
  ],
  ['scipy.stats._kde', 'call', 'gaussian_kde'],
  ['scipy.stats.kde', 'call', 'gaussian_kde'],
  ...['scipy.special', 'scipy.special._ufuncs'].map(
    (module) =>
      [
        module,
        'refer',
        'boxcox boxcox1p cbrt entr erf erfc erfinv exp10 exp2 expit expm1 gamma gammaln inv_boxcox inv_boxcox1p kl_div log1p log_expit ' +
          'log_ndtr logit ndtr ndtri psi xlog1py xlogy',
      ] as const,
  ),
  ...['scipy.special', 'scipy.special._logsumexp'].map(
    (module) => [module, 'refer', 'logsumexp softmax log_softmax'] as const,
  ),
  [
    'scipy.spatial.distance',
    'refer',
    'braycurtis canberra chebyshev cityblock correlation cosine dice euclidean hamming jaccard jensenshannon kulsinski mahalanobis ' +
      'minkowski rogerstanimoto russellrao seuclidean sokalmichener sokalsneath sqeuclidean yule',
  ],

  // joblib
  ...['joblib', 'sklearn.externals.joblib'].flatMap((package_) => [
    [`${package_}.numpy_pickle`, 'call', 'NumpyArrayWrapper'] as const,
    [`${package_}.memory`, 'call', 'Memory'] as const,
    [`${package_}._store_backends`, 'call', 'FileSystemStoreBackend'] as const,
  ]),

  // scikit-learn beside its classes: what Cython makes
  ['sklearn.utils', 'call', 'Bunch'],
  ['sklearn.externals._packaging.version', 'call', 'Version'],
  ...[
    'sklearn.neighbors._ball_tree',
    'sklearn.neighbors._kd_tree',
    'sklearn.neighbors.ball_tree',
    'sklearn.neighbors.kd_tree',
  ].map(
    (module) =>
      [
        module,
        'call',
        'newObj BallTree KDTree BallTree32 BallTree64 KDTree32 KDTree64 BinaryTree BinaryTree32 BinaryTree64',
      ] as const,
  ),
  ...[
    'sklearn.metrics._dist_metrics',
    'sklearn.neighbors._dist_metrics',
    'sklearn.neighbors.dist_metrics',
  ].map((module) => [module, 'call', distanceNames()] as const),
  ...['_loss', 'sklearn._loss._loss'].map((module) => [module, 'call', lossNames()] as const),
  ...['sklearn.linear_model._sgd_fast', 'sklearn.linear_model.sgd_fast'].map(
    (module) =>
      [
        module,
        'call',
        'Hinge SquaredHinge Log Huber EpsilonInsensitive SquaredEpsilonInsensitive SquaredLoss ModifiedHuber Classification Regression LossFunction',
      ] as const,
  ),
  ['sklearn.tree._tree', 'call', 'Tree'],
  ...['sklearn.tree._criterion', 'sklearn.tree._splitter'].map(
    (module) =>
      [
        module,
        'call',
        'Gini Entropy MSE MAE FriedmanMSE Poisson BestSplitter RandomSplitter BestSparseSplitter RandomSparseSplitter',
      ] as const,
  ),
  ['sklearn.ensemble._hist_gradient_boosting.binning', 'call', '_BinMapper'],

  // pandas
  ['pandas.core.frame', 'call', 'DataFrame'],
  ['pandas.core.series', 'call', 'Series'],
  [
    'pandas',
    'call',
    'DataFrame Series Index RangeIndex MultiIndex CategoricalIndex DatetimeIndex Categorical Timestamp Timedelta Interval',
  ],
  [
    'pandas',
    'call',
    'CategoricalDtype StringDtype BooleanDtype Int8Dtype Int16Dtype Int32Dtype Int64Dtype UInt8Dtype UInt16Dtype UInt32Dtype ' +
      'UInt64Dtype Float32Dtype Float64Dtype DatetimeTZDtype IntervalDtype PeriodDtype SparseDtype',
  ],
  ['pandas.core.indexes.base', 'call', '_new_Index Index'],
  ['pandas.core.indexes.range', 'call', 'RangeIndex'],
  ['pandas.core.indexes.numeric', 'call', 'Int64Index UInt64Index Float64Index NumericIndex'],
  ['pandas.core.indexes.multi', 'call', 'MultiIndex'],
  ['pandas.core.indexes.category', 'call', 'CategoricalIndex'],
  ['pandas.core.indexes.datetimes', 'call', '_new_DatetimeIndex DatetimeIndex'],
  ['pandas.core.indexes.timedeltas', 'call', 'TimedeltaIndex'],
  ['pandas.core.indexes.period', 'call', '_new_PeriodIndex PeriodIndex'],
  ['pandas.core.indexes.interval', 'call', '_new_IntervalIndex IntervalIndex'],
  ['pandas.core.indexes.frozen', 'call', 'FrozenList'],
  ['pandas.core.internals.managers', 'call', 'BlockManager SingleBlockManager'],
  [
    'pandas.core.internals.blocks',
    'call',
    'new_block Block ObjectBlock FloatBlock IntBlock BoolBlock NumericBlock ExtensionBlock CategoricalBlock',
  ],
  ['pandas._libs.internals', 'call', '_unpickle_block BlockManager SingleBlockManager'],
  ['pandas._libs.arrays', 'call', '__pyx_unpickle_NDArrayBacked NDArrayBacked'],
  ['pandas._libs.missing', 'call', '_reconstruct_NA NAType'],
  ['pandas._libs.interval', 'call', 'Interval'],
  ['pandas._libs.tslibs.timestamps', 'call', '_unpickle_timestamp Timestamp'],
  ['pandas._libs.tslibs.timedeltas', 'call', '_timedelta_unpickle Timedelta'],
  ['pandas._libs.tslibs.nattype', 'call', '_nat_unpickle'],
  [
    'pandas._libs.tslibs.offsets',
    'call',
    'Day Hour Minute Second MonthEnd MonthBegin BusinessDay Week YearEnd',
  ],
  [
    'pandas.core.dtypes.dtypes',
    'call',
    'CategoricalDtype DatetimeTZDtype PeriodDtype IntervalDtype SparseDtype NumpyEADtype PandasDtype',
  ],
  ['pandas.core.arrays.categorical', 'call', 'Categorical'],
  ['pandas.core.arrays.string_', 'call', 'StringDtype StringArray BaseStringArray'],
  ['pandas.core.arrays.string_arrow', 'call', 'ArrowStringArray ArrowStringArrayNumpySemantics'],
  ['pandas.core.arrays.numpy_', 'call', 'PandasArray NumpyExtensionArray'],
  ['pandas.core.arrays.boolean', 'call', 'BooleanDtype BooleanArray'],
  ['pandas.core.arrays.floating', 'call', 'Float32Dtype Float64Dtype FloatingArray'],
  [
    'pandas.core.arrays.integer',
    'call',
    'Int8Dtype Int16Dtype Int32Dtype Int64Dtype UInt8Dtype UInt16Dtype UInt32Dtype UInt64Dtype IntegerArray',
  ],
  ['pandas.core.arrays.datetimes', 'call', 'DatetimeArray'],
  ['pandas.core.arrays.timedeltas', 'call', 'TimedeltaArray'],
  ['pandas.core.arrays.interval', 'call', 'IntervalArray'],
  [
    'pandas.arrays',
    'call',
    'StringArray ArrowStringArray NumpyExtensionArray IntegerArray FloatingArray BooleanArray DatetimeArray',
  ],
  ['pandas.core.flags', 'call', 'Flags'],
  ['pandas.api.extensions', 'refer', 'no_default'],
  ['pandas._libs.missing', 'refer', 'NA'],
  ['pandas', 'refer', 'NA NaT'],
  ['pyarrow.lib', 'call', '_restore_array type_for_alias py_buffer chunked_array'],
  ['pytz', 'call', '_UTC _p'],
];

/** Families of names that follow a pattern. */
const PATTERNS: readonly (readonly [module: string, name: RegExp])[] = [
  // One class per distribution; code in their state is found on its own (state-code.ts).
  ['scipy.stats._continuous_distns', /^[a-z_]\w*_gen$/],
  ['scipy.stats._discrete_distns', /^[a-z_]\w*_gen$/],
];

/** Functions of arrays, wherever numpy has defined them. */
function numpyFunctions(): string {
  return (
    'abs absolute add all allclose amax amin angle any append arange arccos arccosh arcsin arcsinh arctan arctan2 arctanh argmax ' +
    'argmin argsort around array array_equal asanyarray asarray ascontiguousarray asfarray asfortranarray atleast_1d atleast_2d ' +
    'average cbrt ceil clip column_stack concatenate conj conjugate copy copysign cos cosh count_nonzero cumprod cumsum deg2rad ' +
    'degrees diff digitize divide dot equal exp exp2 expand_dims expm1 fabs fix float_power floor floor_divide fmax fmin fmod ' +
    'full full_like greater greater_equal heaviside hstack hypot identity interp invert isfinite isin isinf isnan ldexp less ' +
    'less_equal linspace log log10 log1p log2 logaddexp logaddexp2 logical_and logical_not logical_or logical_xor matmul max ' +
    'maximum mean median min minimum mod modf moveaxis multiply nan_to_num nanmax nanmean nanmedian nanmin nanpercentile ' +
    'nanquantile nanstd nansum nanvar negative nextafter nonzero not_equal ones ones_like percentile positive power prod ptp ' +
    'quantile rad2deg radians ravel real reciprocal remainder repeat reshape rint roll round searchsorted sign signbit sin sinc ' +
    'sinh sort sqrt square squeeze stack std subtract sum swapaxes tan tanh tile transpose trapz true_divide trunc unique unwrap ' +
    'var vstack where zeros zeros_like'
  );
}

function sparseRows(): (readonly [string, Use, string])[] {
  return ['csr', 'csc', 'coo', 'bsr', 'dia', 'lil', 'dok'].flatMap((format) =>
    [`scipy.sparse.${format}`, `scipy.sparse._${format}`].map(
      (module) => [module, 'call', `${format}_matrix ${format}_array`] as const,
    ),
  );
}

function distanceNames(): string {
  const metrics = [
    'Euclidean SEuclidean Manhattan Chebyshev Minkowski WMinkowski Mahalanobis Hamming Canberra BrayCurtis Jaccard Matching Dice ' +
      'Kulsinski RogersTanimoto RussellRao SokalMichener SokalSneath Haversine PyFunc',
  ]
    .join(' ')
    .split(' ');
  return ['newObj DistanceMetric DistanceMetric32 DistanceMetric64']
    .concat(metrics.flatMap((metric) => ['', '32', '64'].map((width) => `${metric}Distance${width}`)))
    .join(' ');
}

function lossNames(): string {
  const losses =
    'CyLossFunction CyHalfSquaredError CyAbsoluteError CyPinballLoss CyHuberLoss CyHalfPoissonLoss CyHalfGammaLoss CyHalfTweedieLoss ' +
    'CyHalfTweedieLossIdentity CyHalfBinomialLoss CyHalfMultinomialLoss CyExponentialLoss';
  return losses
    .split(' ')
    .flatMap((name) => [name, `__pyx_unpickle_${name}`])
    .join(' ');
}

const KNOWN: ReadonlyMap<string, Use> = knownNames();

function knownNames(): Map<string, Use> {
  const known = new Map<string, Use>();
  const add = (module: string, use: Use, names: string) => {
    for (const name of names.split(' ')) {
      known.set(`${module}.${name}`, use);
    }
  };
  for (const [module, names] of Object.entries(SKLEARN_FUNCTIONS)) {
    add(module, 'refer', names);
  }
  for (const [module, names] of Object.entries(SKLEARN_CLASSES)) {
    add(module, 'call', names);
  }
  for (const [module, use, names] of ROWS) {
    add(module, use, names);
  }
  return known;
}

/** Whether a name, used so, is known data. `arity`: most arguments it is called with, null when it is only mentioned. */
export function isKnownData(module: string, name: string, arity: number | null): boolean {
  const use = KNOWN.get(modernName(module, name));
  if (use === undefined) {
    return PATTERNS.some(([family, pattern]) => family === module && pattern.test(name));
  }
  return use === 'call' || arity === null || (typeof use === 'number' && arity <= use);
}
