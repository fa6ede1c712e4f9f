#include "simulator/rows.hpp"

#include <cmath>
#include <cstring>
#include <limits>

#include "simd.hpp"

namespace emnesy::simulator {
namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

// As NumPy, whose evaluation of ground programs is the reference.
double floor_divide(double a, double b) {
  if (b == 0) return undefined;
  const double remainder = std::fmod(a, b);
  double quotient = (a - remainder) / b;
  if (remainder != 0 && (b < 0) != (remainder < 0)) quotient -= 1;
  if (quotient == 0) return std::copysign(0.0, a / b);
  const double whole = std::floor(quotient);
  return quotient - whole > 0.5 ? whole + 1 : whole;
}

double modulo(double a, double b) {
  if (b == 0) return undefined;
  const double remainder = std::fmod(a, b);
  if (remainder == 0) return std::copysign(0.0, b);
  return (b < 0) != (remainder < 0) ? remainder + b : remainder;
}

std::int64_t shifted_left(std::int64_t a, std::int64_t b) {
  return b >= 0 && b < 64 ? static_cast<std::int64_t>(static_cast<std::uint64_t>(a) << b) : 0;
}

std::int64_t shifted_right(std::int64_t a, std::int64_t b) { return b >= 0 && b < 64 ? a >> b : (a < 0 ? -1 : 0); }

template <typename Bits>
double on_integers(double a, double b, Bits bits) {
  constexpr double limit = 0x1p63;
  if (!(a == std::floor(a) && b == std::floor(b)) || std::abs(a) >= limit || std::abs(b) >= limit) return undefined;
  return static_cast<double>(bits(static_cast<std::int64_t>(a), static_cast<std::int64_t>(b)));
}

double minimum(double a, double b) { return std::isnan(a) || std::isnan(b) ? undefined : (b < a ? b : a); }
double maximum(double a, double b) { return std::isnan(a) || std::isnan(b) ? undefined : (b > a ? b : a); }

template <typename F>
inline void each(const double* left, const double* right, double* out, F f) {
  for (int l = 0; l < row_width; ++l) {
    const double value = f(left[l], right[l]);
    out[l] = std::abs(value) < infinity ? value : undefined;
  }
}

EMNESY_CLONES void simple(TermOp op, const double* left, const double* right, double* out) {
  switch (op) {
    case TermOp::Add: each(left, right, out, [](double a, double b) { return a + b; }); break;
    case TermOp::Subtract: each(left, right, out, [](double a, double b) { return a - b; }); break;
    case TermOp::Multiply: each(left, right, out, [](double a, double b) { return a * b; }); break;
    default: each(left, right, out, [](double a, double b) { return a / b; }); break;
  }
}

}  // namespace

void apply(TermOp op, const double* left, const double* right, double* out) {
  using I = std::int64_t;
  const auto run = [&](auto f) { each(left, right, out, f); };
  if (right == nullptr) right = left;
  switch (op) {
    case TermOp::Constant:
    case TermOp::Number: std::memcpy(out, left, row_width * sizeof(double)); break;
    case TermOp::Add:
    case TermOp::Subtract:
    case TermOp::Multiply:
    case TermOp::Divide: simple(op, left, right, out); break;
    case TermOp::FloorDivide: run(floor_divide); break;
    case TermOp::Modulo: run(modulo); break;
    case TermOp::Remainder: run([](double a, double b) { return std::fmod(a, b); }); break;
    case TermOp::Power: run([](double a, double b) { return std::pow(a, b); }); break;
    case TermOp::Minimum: run(minimum); break;
    case TermOp::Maximum: run(maximum); break;
    case TermOp::BitAnd: run([](double a, double b) { return on_integers(a, b, [](I x, I y) { return x & y; }); }); break;
    case TermOp::BitOr: run([](double a, double b) { return on_integers(a, b, [](I x, I y) { return x | y; }); }); break;
    case TermOp::BitXor: run([](double a, double b) { return on_integers(a, b, [](I x, I y) { return x ^ y; }); }); break;
    case TermOp::ShiftLeft: run([](double a, double b) { return on_integers(a, b, shifted_left); }); break;
    case TermOp::ShiftRight: run([](double a, double b) { return on_integers(a, b, shifted_right); }); break;
    case TermOp::Negate: run([](double a, double) { return -a; }); break;
    case TermOp::Plus: run([](double a, double) { return a; }); break;
    case TermOp::Absolute: run([](double a, double) { return std::abs(a); }); break;
    case TermOp::Sign: run([](double a, double) { return std::isnan(a) ? a : static_cast<double>((a > 0) - (a < 0)); }); break;
    case TermOp::Floor: run([](double a, double) { return std::floor(a); }); break;
    case TermOp::Ceil: run([](double a, double) { return std::ceil(a); }); break;
    case TermOp::Round: run([](double a, double) { return std::nearbyint(a); }); break;  // ties to even
    case TermOp::Truncate: run([](double a, double) { return std::trunc(a); }); break;
    case TermOp::SquareRoot: run([](double a, double) { return std::sqrt(a); }); break;
    case TermOp::Exponential: run([](double a, double) { return std::exp(a); }); break;
    case TermOp::Logarithm: run([](double a, double) { return std::log(a); }); break;
  }
}

EMNESY_CLONES std::uint64_t compare(Comparison op, const double* left, const double* right) {
  alignas(64) std::uint8_t bytes[row_width];
  const auto run = [&](auto f) {
    for (int l = 0; l < row_width; ++l) bytes[l] = f(left[l], right[l]) ? 1 : 0;
  };
  switch (op) {
    case Comparison::Equal: run([](double a, double b) { return a == b; }); break;
    case Comparison::NotEqual: run([](double a, double b) { return a < b || a > b; }); break;
    case Comparison::Less: run([](double a, double b) { return a < b; }); break;
    case Comparison::LessEqual: run([](double a, double b) { return a <= b; }); break;
    case Comparison::Greater: run([](double a, double b) { return a > b; }); break;
    case Comparison::GreaterEqual: run([](double a, double b) { return a >= b; }); break;
  }
  return pack(bytes);
}

EMNESY_CLONES void improve(double sign, const double* value, std::uint64_t holds, double* best) {
  if (holds == ~std::uint64_t{0}) {
    for (int l = 0; l < row_width; ++l) {
      const double v = sign * value[l];
      best[l] = v < best[l] ? v : best[l];
    }
    return;
  }
  for (int l = 0; l < row_width; ++l) {
    const double v = (holds >> l & 1) != 0 ? sign * value[l] : infinity;
    best[l] = v < best[l] ? v : best[l];
  }
}

EMNESY_CLONES std::uint64_t attains(double sign, const double* value, const double* best) {
  alignas(64) std::uint8_t bytes[row_width];
  for (int l = 0; l < row_width; ++l) bytes[l] = sign * value[l] == best[l] ? 1 : 0;
  return pack(bytes);
}

EMNESY_CLONES void accumulate(const double* value, std::uint64_t holds, double* sum, double* count) {
  for (int l = 0; l < row_width; ++l) {
    const bool counts = (holds >> l & 1) != 0 && value[l] == value[l];
    sum[l] += counts ? value[l] : 0.0;
    count[l] += counts ? 1.0 : 0.0;
  }
}

EMNESY_CLONES std::uint64_t finish_best(double sign, const double* best, double* out) {
  alignas(64) std::uint8_t bytes[row_width];
  for (int l = 0; l < row_width; ++l) {
    const bool defined = best[l] < infinity;
    bytes[l] = defined ? 1 : 0;
    out[l] = defined ? sign * best[l] : undefined;
  }
  return pack(bytes);
}

EMNESY_CLONES std::uint64_t finish_sum(bool average, const double* sum, const double* count, double* out) {
  alignas(64) std::uint8_t bytes[row_width];
  for (int l = 0; l < row_width; ++l) {
    const bool defined = count[l] > 0;
    bytes[l] = defined ? 1 : 0;
    out[l] = defined ? (average ? sum[l] / count[l] : sum[l]) : undefined;
  }
  return pack(bytes);
}

EMNESY_CLONES void look_up(const double* table, const std::int32_t* value, double* out) {
  for (int l = 0; l < row_width; ++l) out[l] = table[value[l]];
}

bool same(const double* left, const double* right) {
  bool equal = true;
  for (int l = 0; l < row_width; ++l) {
    equal = equal && (left[l] == right[l] || (std::isnan(left[l]) && std::isnan(right[l])));
  }
  return equal;
}

}  // namespace emnesy::simulator
