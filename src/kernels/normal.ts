/**
 * The standard normal distribution: its distribution function and the inverse, with the rational approximations of the
 * Cephes library that scipy.special.ndtr and ndtri use (Moshier, public domain).
 */

/** exp(−2), below which the tail approximation of the quantile holds. */
const TAIL = 0.1353352832366127;
const SQRT_2PI = 2.5066282746310007;
/** Largest exponent whose exp does not overflow: erfc is 0 beyond. */
const MAX_LOG = 709.782712893384;

// ndtri, |y − 0.5| ≤ 3/8
const P0 = [
  -59.96335010141079, 98.00107541859997, -56.67628574690703, 13.931260938727968, -1.2391658386738125,
];
const Q0 = [
  1.9544885833814176, 4.676279128988815, 86.36024213908905, -225.46268785411937, 200.26021238006066,
  -82.03722561683334, 15.90562251262117, -1.1833162112133,
];
// ndtri, sqrt(−2 log y) between 2 and 8
const P1 = [
  4.0554489230596245, 31.525109459989388, 57.16281922464213, 44.08050738932008, 14.684956192885803,
  2.1866330685079025, -0.1402560791713545, -0.03504246268278482, -0.0008574567851546854,
];
const Q1 = [
  15.779988325646675, 45.39076351288792, 41.3172038254672, 15.04253856929075, 2.504649462083094,
  -0.14218292285478779, -0.03808064076915783, -0.0009332594808954574,
];
// ndtri, sqrt(−2 log y) between 8 and 64
const P2 = [
  3.2377489177694603, 6.915228890689842, 3.9388102529247444, 1.3330346081580755, 0.20148538954917908,
  0.012371663481782003, 0.00030158155350823543, 0.0000026580697468673755, 6.239745391849833e-9,
];
const Q2 = [
  6.02427039364742, 3.6798356385616087, 1.3770209948908132, 0.21623699359449663, 0.013420400608854318,
  0.00032801446468212774, 0.0000028924786474538068, 6.790194080099813e-9,
];

// erfc, 1 ≤ x < 8
const ERFC_P = [
  2.461969814735305e-10, 0.5641895648310689, 7.463210564422699, 48.63719709856814, 196.5208329560771,
  526.4451949954773, 934.5285271719576, 1027.5518868951572, 557.5353353693994,
];
const ERFC_Q = [
  13.228195115474499, 86.70721408859897, 354.9377788878199, 975.7085017432055, 1823.9091668790973,
  2246.3376081871097, 1656.6630919416134, 557.5353408177277,
];
// erfc, 8 ≤ x
const ERFC_R = [
  0.5641895835477551, 1.275366707599781, 5.019050422511805, 6.160210979930536, 7.4097426995044895,
  2.9788666537210022,
];
const ERFC_S = [
  2.2605286322011726, 9.396035249380015, 12.048953980809666, 17.08144507475659, 9.608968090632859,
  3.369076451000815,
];
// erf, |x| < 1
const ERF_T = [9.604973739870516, 90.02601972038427, 2232.005345946843, 7003.325141128051, 55592.30130103949];
const ERF_U = [
  33.56171416475031, 521.3579497801527, 4594.323829709801, 22629.000061389095, 49267.39426086359,
];

/** The quantile of the standard normal at probability `y`; −∞ at 0, ∞ at 1, NaN outside. */
export function normalQuantile(y: number): number {
  if (y === 0) {
    return Number.NEGATIVE_INFINITY;
  }
  if (y === 1) {
    return Number.POSITIVE_INFINITY;
  }
  if (!(y > 0 && y < 1)) {
    return Number.NaN;
  }
  const upper = y > 1 - TAIL;
  const tail = upper ? 1 - y : y;
  if (tail > TAIL) {
    const centred = tail - 0.5;
    const square = centred * centred;
    const x = centred + centred * ((square * polynomial(square, P0)) / monic(square, Q0));
    return x * SQRT_2PI;
  }
  const root = Math.sqrt(-2 * Math.log(tail));
  const first = root - Math.log(root) / root;
  const z = 1 / root;
  const correction =
    root < 8 ? (z * polynomial(z, P1)) / monic(z, Q1) : (z * polynomial(z, P2)) / monic(z, Q2);
  const x = first - correction;
  return upper ? x : -x;
}

/** The distribution function of the standard normal at `x`. */
export function normalCdf(x: number): number {
  const scaled = x * Math.SQRT1_2;
  const magnitude = Math.abs(scaled);
  if (magnitude < 1) {
    return 0.5 + 0.5 * erf(scaled);
  }
  const tail = 0.5 * erfc(magnitude);
  return scaled > 0 ? 1 - tail : tail;
}

/** The error function for |x| < 1. */
function erf(x: number): number {
  const square = x * x;
  return (x * polynomial(square, ERF_T)) / monic(square, ERF_U);
}

/** The complementary error function for x ≥ 1; NaN stays. */
function erfc(x: number): number {
  const exponent = -x * x;
  if (exponent < -MAX_LOG) {
    return 0;
  }
  const scale = Math.exp(exponent);
  return x < 8
    ? (scale * polynomial(x, ERFC_P)) / monic(x, ERFC_Q)
    : (scale * polynomial(x, ERFC_R)) / monic(x, ERFC_S);
}

function polynomial(x: number, coefficients: readonly number[]): number {
  let sum = coefficients[0]!;
  for (let i = 1; i < coefficients.length; i++) {
    sum = sum * x + coefficients[i]!;
  }
  return sum;
}

/** As `polynomial`, with a leading coefficient of 1 that is not stored. */
function monic(x: number, coefficients: readonly number[]): number {
  let sum = x + coefficients[0]!;
  for (let i = 1; i < coefficients.length; i++) {
    sum = sum * x + coefficients[i]!;
  }
  return sum;
}
