// Priors come from networks: look before trusting them.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <type_traits>
#include <vector>

namespace emnesy {

// What a block of priors holds: distributions, one a choice, of `width` alternatives one apart.
struct PriorRule {
  std::vector<std::int64_t> offset;  // first alternative of each choice in an example's row
  std::int32_t width = 1;
  bool partial = false;  // they may sum to less than one
};

// An engine that was to check its priors has found some that are no distributions; there is no answer.
struct InvalidPriors : std::invalid_argument {
  InvalidPriors() : std::invalid_argument("some prior is no probability distribution") {}
};

struct InvalidPrior {
  std::int64_t example = -1;      // -1: all are fine
  std::int64_t choice = -1;
  std::int32_t alternative = -1;  // -1: the sum is wrong
  double value = 0;
};

// About 1e-5 above one, for rounding. A float has it exactly, so that whoever widens priors judges them alike.
constexpr double most_prior = 1 + 84.0 / (1 << 23);
constexpr double prior_tolerance = 1e-3;  // of a sum that should be one

// One choice, with all the details.
template <typename Real>
InvalidPrior look_at_prior(const Real* p, const PriorRule& rule) {
  double sum = 0;
  for (std::int32_t k = 0; k < rule.width; ++k) {
    const auto x = static_cast<double>(p[k]);
    if (!(x >= 0 && x <= most_prior)) return {0, 0, k, x};  // NaN, too
    sum += x;
  }
  if (!rule.partial && std::abs(sum - 1) > prior_tolerance) return {0, 0, -1, sum};
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

// Probabilities that are not negative and whose sum lies in between need no closer look, whichever way they were added up:
// almost always. (Variables, no functions: code for other instructions uses them.)
template <typename Real>
constexpr Real least_plain_sum = static_cast<Real>(1 - prior_tolerance / 2);  // 0 where the sum may be less than one
template <typename Real>
constexpr Real most_plain_sum = static_cast<Real>(most_prior);

// Finds the first choice of the first example whose probabilities are not in [0, 1] (NaN included) or, unless
// `partial`, do not sum to one within the tolerance. `size`: of a row.
template <typename Real>
InvalidPrior first_invalid_prior(const PriorRule& rule, const Real* data, std::int64_t examples, std::int64_t size) {
  if (rule.offset.empty()) return {};
  const auto choices = static_cast<std::int64_t>(rule.offset.size());
  const Real least = rule.partial ? 0 : least_plain_sum<Real>;
  for (std::int64_t b = 0; b < examples; ++b) {
    const Real* row = data + b * size;
    const bool positive = nothing_negative(row, size);
    for (std::int64_t c = 0; c < choices; ++c) {
      const Real sum = quick_sum(row + rule.offset[c], rule.width);
      if (positive && sum >= least && sum <= most_plain_sum<Real>) continue;
      InvalidPrior found = look_at_prior(row + rule.offset[c], rule);
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
