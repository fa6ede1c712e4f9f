// Priors come from networks: look before trusting them.
#pragma once

#include <cmath>
#include <cstdint>

namespace emnesy {

struct InvalidPrior {
  std::int64_t example = -1;      // -1: all are fine
  std::int64_t choice = -1;
  std::int32_t alternative = -1;  // -1: the sum is wrong
  double value = 0;
};

// Finds the first choice of the first example whose probabilities are not in [0, 1] (NaN included) or, unless
// `partial`, do not sum to one within `tolerance`. `offsets`: first alternative of each choice in a row.
template <typename Real>
InvalidPrior first_invalid_prior(const Real* data, std::int64_t examples, std::int64_t stride, const std::int64_t* offsets,
                                 std::int64_t choices, std::int32_t width, bool partial, double tolerance = 1e-3) {
  const Real slack = static_cast<Real>(1e-5);
  for (std::int64_t b = 0; b < examples; ++b) {
    for (std::int64_t c = 0; c < choices; ++c) {
      const Real* p = data + b * stride + offsets[c];
      Real sum = 0;
      bool inside = true;
      for (std::int32_t k = 0; k < width; ++k) {
        sum += p[k];
        inside = inside && p[k] >= 0 && p[k] <= 1 + slack;  // false for NaN
      }
      if (!inside) {
        for (std::int32_t k = 0; k < width; ++k) {
          if (!(p[k] >= 0 && p[k] <= 1 + slack)) return {b, c, k, static_cast<double>(p[k])};
        }
      }
      if (!partial && std::abs(static_cast<double>(sum) - 1) > tolerance) return {b, c, -1, static_cast<double>(sum)};
    }
  }
  return {};
}

}  // namespace emnesy
