// Priors come from networks: look before trusting them.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace emnesy {

struct InvalidPrior {
  std::int64_t example = -1;      // -1: all are fine
  std::int64_t choice = -1;
  std::int32_t alternative = -1;  // -1: the sum is wrong
  double value = 0;
};

template <typename Real>
constexpr Real prior_slack = static_cast<Real>(1e-5);  // above one, for rounding

// One choice, with all the details.
template <typename Real>
InvalidPrior look_at_prior(const Real* p, std::int32_t width, bool partial, double tolerance) {
  Real sum = 0;
  for (std::int32_t k = 0; k < width; ++k) {
    if (!(p[k] >= 0 && p[k] <= 1 + prior_slack<Real>)) return {0, 0, k, static_cast<double>(p[k])};  // NaN, too
    sum += p[k];
  }
  if (!partial && std::abs(static_cast<double>(sum) - 1) > tolerance) return {0, 0, -1, static_cast<double>(sum)};
  return {};
}

// Is no sign bit set in the row? In integers, which the compiler puts into vectors.
template <typename Real>
bool nothing_negative(const Real* row, std::int64_t count) {
  using Int = std::conditional_t<sizeof(Real) == 4, std::uint32_t, std::uint64_t>;
  Int bits = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    Int x;
    std::memcpy(&x, row + i, sizeof x);
    bits |= x;
  }
  return (bits >> (8 * sizeof(Int) - 1)) == 0;
}

// Four partial sums, which the compiler puts into one vector.
template <typename Real>
Real quick_sum(const Real* p, std::int32_t width) {
  Real sum[4] = {0, 0, 0, 0};
  std::int32_t k = 0;
  for (; k + 4 <= width; k += 4) {
    for (int i = 0; i < 4; ++i) sum[i] += p[k + i];
  }
  Real rest = 0;
  for (; k < width; ++k) rest += p[k];
  return ((sum[0] + sum[2]) + (sum[1] + sum[3])) + rest;
}

// Finds the first choice of the first example whose probabilities are not in [0, 1] (NaN included) or, unless
// `partial`, do not sum to one within `tolerance`. `offsets`: first alternative of each choice in a row.
template <typename Real>
InvalidPrior first_invalid_prior(const Real* data, std::int64_t examples, std::int64_t stride, const std::int64_t* offsets,
                                 std::int64_t choices, std::int32_t width, bool partial, double tolerance = 1e-3) {
  if (choices == 0) return {};
  const Real least = partial ? 0 : static_cast<Real>(1 - tolerance), most = 1 + prior_slack<Real>;
  for (std::int64_t b = 0; b < examples; ++b) {
    const Real* row = data + b * stride;
    const bool positive = nothing_negative(row, stride);
    for (std::int64_t c = 0; c < choices; ++c) {
      // Nothing is negative and all together is no more than one may be: almost always.
      const Real sum = quick_sum(row + offsets[c], width);
      if (positive && sum >= least && sum <= most) continue;
      InvalidPrior found = look_at_prior(row + offsets[c], width, partial, tolerance);
      if (found.example == 0) {
        found.example = b;
        found.choice = c;
        return found;
      }
    }
  }
  return {};
}

}  // namespace emnesy
