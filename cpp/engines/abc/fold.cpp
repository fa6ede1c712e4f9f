#include "abc/fold.hpp"

#include <algorithm>
#include <cmath>

#include "simd.hpp"

namespace emnesy::abc {
namespace {

// The order of additions is fixed: eight partial sums, whatever the machine.
__attribute__((always_inline)) inline double masked_sum(const double* world, std::uint64_t word) {
  double part[8] = {};
  for (int l = 0; l < 64; l += 8) {
    for (int i = 0; i < 8; ++i) part[i] += (word >> (l + i) & 1) != 0 ? world[l + i] : 0.0;
  }
  return ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
}

}  // namespace

void LaneCounter::counts(double* out) const {
  std::int32_t count[64] = {};
  for (int i = 0; i < used_; ++i) {
    for (int l = 0; l < 64; ++l) count[l] += static_cast<std::int32_t>(plane_[i] >> l & 1) << i;
  }
  for (int l = 0; l < 64; ++l) out[l] = count[l];
}

EMNESY_CLONES void fold_choice(const double* world, const std::uint64_t* word, std::int32_t alternatives, int stride,
                               double* weight) {
  for (std::int32_t k = 0; k < alternatives; ++k) {
    const std::uint64_t own = word[std::int64_t{k} * stride];
    if (own != 0) weight[k] += masked_sum(world, own);
  }
}

EMNESY_CLONES void count_choice(std::uint64_t worlds, const std::uint64_t* word, std::int32_t alternatives, int stride,
                                double* weight) {
  for (std::int32_t k = 0; k < alternatives; ++k) weight[k] += __builtin_popcountll(word[std::int64_t{k} * stride] & worlds);
}

EMNESY_CLONES void count_choice(std::uint64_t worlds, const std::uint64_t* word, std::int32_t alternatives, int stride,
                                std::int64_t* drawn) {
  for (std::int32_t k = 0; k < alternatives; ++k) drawn[k] += __builtin_popcountll(word[std::int64_t{k} * stride] & worlds);
}

EMNESY_CLONES double fold_word(const double* world, std::uint64_t word) { return masked_sum(world, word); }

void exponential_weights(const double* distance, std::uint64_t holds, double rate, double nearest, double* world) {
  for (int l = 0; l < 64; ++l) world[l] = (holds >> l & 1) != 0 ? std::exp(-rate * (distance[l] - nearest)) : 0.0;
}

}  // namespace emnesy::abc
