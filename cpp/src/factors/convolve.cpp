#include "factors/convolve.hpp"

#include "simd.hpp"

namespace emnesy::factors {
namespace {

template <typename Real>
EMNESY_ALWAYS void add(const Real* a, std::int32_t count, const Real* b, Real* to) {
  Real sum[convolution_block];  // in registers
  for (std::int32_t t = 0; t < convolution_block; ++t) sum[t] = to[t];
  for (std::int32_t i = 0; i < count; ++i) {
    for (std::int32_t t = 0; t < convolution_block; ++t) sum[t] += a[i] * b[t - i];
  }
  for (std::int32_t t = 0; t < convolution_block; ++t) to[t] = sum[t];
}

}  // namespace

EMNESY_CLONES void add_products(const float* a, std::int32_t count, const float* b, float* to) { add(a, count, b, to); }
EMNESY_CLONES void add_products(const double* a, std::int32_t count, const double* b, double* to) { add(a, count, b, to); }

}  // namespace emnesy::factors
