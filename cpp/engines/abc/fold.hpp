// Sums over the worlds of one word.
#pragma once

#include <cstdint>

#include "emnesy/simulator.hpp"

namespace emnesy::abc {

// Counts of how many of `count` words have bit l set, for every l (vertical counters: a carry-save chain of words).
class LaneCounter {
 public:
  void add(std::uint64_t word) {
    for (int i = 0; word != 0; ++i) {
      if (i == used_) plane_[used_++] = 0;
      const std::uint64_t carry = plane_[i] & word;
      plane_[i] ^= word;
      word = carry;
    }
  }
  void counts(double* out) const;

 private:
  std::uint64_t plane_[64];
  int used_ = 0;
};

// weight[k] += sum over the worlds of cell k's word, for the alternatives of a choice: cells `stride` words apart.
void fold_choice(const double* world, const std::uint64_t* word, std::int32_t alternatives, int stride, double* weight);

// The same where every world of `worlds` weighs one.
void count_choice(std::uint64_t worlds, const std::uint64_t* word, std::int32_t alternatives, int stride, double* weight);
void count_choice(std::uint64_t worlds, const std::uint64_t* word, std::int32_t alternatives, int stride, std::int64_t* drawn);

// The sum of the weights of some worlds.
double fold_word(const double* world, std::uint64_t word);

// world[l] = exp(-rate * (distance[l] - nearest)) where `holds`, else 0.
void exponential_weights(const double* distance, std::uint64_t holds, double rate, double nearest, double* world);

}  // namespace emnesy::abc
