// A chain's random numbers: a counter-based stream of its own, which the chain's state can be put back to.
#pragma once

#include <cmath>
#include <cstdint>

#include "random.hpp"

namespace emnesy::gibbs {

class Stream {
 public:
  Stream(std::uint64_t seed, std::int64_t example, int chain, std::int64_t position)
      : seed_(seed), example_(static_cast<std::uint64_t>(example)), base_(static_cast<std::uint64_t>(chain) << 48), position_(position) {}

  // Uniform in [0, 1).
  double uniform() {
    const std::int64_t at = position_++;
    if ((at & 1) == 0 || !filled_) pair_ = uniform_pair(seed_, example_, base_ | static_cast<std::uint64_t>(at >> 1));
    filled_ = true;
    return pair_[at & 1];
  }
  // Below count.
  std::int32_t below(std::int32_t count) {
    const auto i = static_cast<std::int32_t>(uniform() * count);
    return i < count ? i : count - 1;
  }
  // Failures before the first success; p in (0, 1].
  std::int64_t geometric(double p) {
    if (p >= 1) return 0;
    const double n = std::floor(std::log1p(-uniform()) / std::log1p(-p));
    return n < 1e15 ? static_cast<std::int64_t>(n) : std::int64_t{1000000000000000};
  }
  // An index drawn with these weights, of which one is positive.
  std::int32_t draw(const double* weight, std::int32_t count) {
    double total = 0;
    for (std::int32_t k = 0; k < count; ++k) total += weight[k];
    double left = uniform() * total;
    std::int32_t last = -1;
    for (std::int32_t k = 0; k < count; ++k) {
      if (!(weight[k] > 0)) continue;
      last = k;
      left -= weight[k];
      if (left < 0) break;
    }
    return last;
  }
  std::int64_t position() const { return position_; }

 private:
  std::uint64_t seed_, example_, base_;
  std::int64_t position_;
  std::array<double, 2> pair_{};
  bool filled_ = false;
};

}  // namespace emnesy::gibbs
