// The numbers that messages are made of: float, double, and Wide for what neither can hold.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "bp/isa.hpp"
#include "target.hpp"

namespace emnesy::bp {
inline namespace EMNESY_ISA {

// A non-negative number with an exponent of 64 bits: products of any length neither underflow nor overflow,
// so a total of zero proves that the evidence is impossible. Slow; for examples that double cannot tell apart.
class Wide {
 public:
  Wide() = default;
  Wide(double value) {  // NOLINT: implicit on purpose, to stand in for float and double
    int exponent = 0;
    mantissa_ = std::frexp(value, &exponent);
    exponent_ = exponent;
  }
  explicit operator double() const {
    return std::ldexp(mantissa_, static_cast<int>(std::clamp<std::int64_t>(exponent_, -5000, 5000)));
  }
  explicit operator float() const { return static_cast<float>(static_cast<double>(*this)); }
  double log() const { return std::log(mantissa_) + static_cast<double>(exponent_) * 0.693147180559945309417; }

  friend Wide operator*(Wide a, Wide b) { return Wide(a.mantissa_ * b.mantissa_, a.exponent_ + b.exponent_); }
  friend Wide operator/(Wide a, Wide b) { return Wide(a.mantissa_ / b.mantissa_, a.exponent_ - b.exponent_); }
  friend Wide operator+(Wide a, Wide b) {
    if (a.mantissa_ == 0) return b;
    if (b.mantissa_ == 0) return a;
    if (a.exponent_ < b.exponent_) std::swap(a, b);
    const std::int64_t shift = b.exponent_ - a.exponent_;
    return Wide(a.mantissa_ + (shift < -100 ? 0.0 : std::ldexp(b.mantissa_, static_cast<int>(shift))), a.exponent_);
  }
  Wide& operator*=(Wide other) { return *this = *this * other; }
  Wide& operator+=(Wide other) { return *this = *this + other; }
  friend bool operator<(Wide a, Wide b) {
    if (a.mantissa_ == 0 || b.mantissa_ == 0) return a.mantissa_ < b.mantissa_;
    return a.exponent_ != b.exponent_ ? a.exponent_ < b.exponent_ : a.mantissa_ < b.mantissa_;
  }
  friend bool operator>(Wide a, Wide b) { return b < a; }
  friend bool operator==(Wide a, Wide b) { return a.mantissa_ == b.mantissa_ && a.exponent_ == b.exponent_; }
  friend bool operator!=(Wide a, Wide b) { return !(a == b); }

 private:
  // Saturates: loopy messages that contradict each other may square from one iteration to the next for ever.
  static constexpr std::int64_t greatest = std::int64_t{1} << 50;

  Wide(double mantissa, std::int64_t exponent) : Wide(mantissa) {
    if (mantissa_ != 0) exponent_ = std::clamp(exponent_ + exponent, -greatest, greatest);
  }

  double mantissa_ = 0;  // 0, or in [0.5, 1)
  std::int64_t exponent_ = 0;
};

// The greatest entry of a message, and any sum over a factor's tuples, must lie between low and high: then what
// was lost to underflow is less than 1e-10 of it. Otherwise the example is computed again with a wider type.
template <typename Real>
struct Trusted;
template <>
struct Trusted<float> {
  static bool holds(float x) { return x >= 1e-27f && x <= 1e27f; }
};
template <>
struct Trusted<double> {
  static bool holds(double x) { return x >= 1e-290 && x <= 1e290; }
};
template <>
struct Trusted<Wide> {
  static bool holds(Wide x) { return x > Wide(0.0); }
};

// Multiplies a message by the power of two that brings its greatest entry into [0.5, 1): exact, and no
// division. Adds the power taken out to exponent. False: the message cannot be trusted.
inline bool rescale(float* message, int count, std::int64_t& exponent) {
  float greatest = message[0];
  for (int i = 1; i < count; ++i) greatest = std::max(greatest, message[i]);
  if (!Trusted<float>::holds(greatest)) return false;
  std::uint32_t bits;
  std::memcpy(&bits, &greatest, sizeof bits);
  const std::int32_t power = static_cast<std::int32_t>(bits >> 23) - 126;
  bits = static_cast<std::uint32_t>(127 - power) << 23;
  float scale;
  std::memcpy(&scale, &bits, sizeof scale);
  for (int i = 0; i < count; ++i) message[i] *= scale;
  exponent += power;
  return true;
}

inline bool rescale(double* message, int count, std::int64_t& exponent) {
  double greatest = message[0];
  for (int i = 1; i < count; ++i) greatest = std::max(greatest, message[i]);
  if (!Trusted<double>::holds(greatest)) return false;
  std::uint64_t bits;
  std::memcpy(&bits, &greatest, sizeof bits);
  const std::int64_t power = static_cast<std::int64_t>(bits >> 52) - 1022;
  bits = static_cast<std::uint64_t>(1023 - power) << 52;
  double scale;
  std::memcpy(&scale, &bits, sizeof scale);
  for (int i = 0; i < count; ++i) message[i] *= scale;
  exponent += power;
  return true;
}

inline bool rescale(Wide* message, int count, std::int64_t&) {
  Wide greatest = message[0];
  for (int i = 1; i < count; ++i) greatest = std::max(greatest, message[i]);
  return Trusted<Wide>::holds(greatest);
}

// What stands in for a number: one of them, or a bundle of examples' (bp/lanes.hpp). Mask: a truth value for each.
template <typename Real>
struct Number {
  static constexpr int width = 1;
  static constexpr bool lanes = false;
  using Mask = bool;
  using Exponent = std::int64_t;
  static bool all() { return true; }
  static bool lane(bool mask, int) { return mask; }
  static double lane(Real x, int) { return static_cast<double>(x); }
  static std::int64_t power(Exponent e, int) { return e; }
};

template <typename Real, typename = std::enable_if_t<!Number<Real>::lanes>>
Real greater(Real a, Real b) {
  return a < b ? b : a;
}
template <typename Real, typename = std::enable_if_t<!Number<Real>::lanes>>
bool less(Real a, Real b) {
  return a < b;
}
template <typename Real, typename = std::enable_if_t<!Number<Real>::lanes>>
Real select(bool mask, Real yes, Real no) {
  return mask ? yes : no;
}
template <typename Real, typename = std::enable_if_t<!Number<Real>::lanes>>
Real distance(Real a, Real b) {
  return static_cast<Real>(std::fabs(static_cast<double>(a) - static_cast<double>(b)));
}
inline bool any(bool mask) { return mask; }
inline void add_power(std::int64_t& exponent, std::int64_t other) { exponent += other; }

inline double log_of(float x) { return std::log(static_cast<double>(x)); }
inline double log_of(double x) { return std::log(x); }
inline double log_of(Wide x) { return x.log(); }

// A sum of logarithms.
template <typename Real>
class Logs {
 public:
  void clear() { total_ = 0; }
  void add(Real x) { total_ += log_of(x); }
  void subtract(Real x) { total_ -= log_of(x); }
  void add_all(const Logs& other) { total_ += other.total_; }
  double value(int) const { return total_; }

 private:
  double total_ = 0;
};

// One minus what is taken.
template <typename Real>
class Remainder {
 public:
  void take(Real x) { left_ -= static_cast<double>(x); }
  Real value() const { return static_cast<Real>(std::max(0.0, left_)); }

 private:
  double left_ = 1;
};

}  // namespace EMNESY_ISA
}  // namespace emnesy::bp
