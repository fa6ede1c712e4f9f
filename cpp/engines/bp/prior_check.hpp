// Whether the priors of a call are distributions: looked at example by example, by the threads that are about to read them.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "emnesy/engine.hpp"

namespace emnesy::bp {

template <typename Source>
class PriorCheck {
 public:
  PriorCheck(const PriorLayout& layout, const std::vector<PriorBlock<Source>>& priors) : layout_(layout), priors_(priors) {}

  bool failed() const { return failed_.load(std::memory_order_relaxed); }

  // Examples first .. first + count - 1. False: here or elsewhere a prior is none, and no answer is wanted any more.
  bool look(std::int64_t first, std::int64_t count);

  // All of them, shared among threads. Throws InvalidPriors.
  void look_at_all(std::int64_t batch, int threads);

 private:
  const std::vector<PriorRule>& rules() const { return layout_.rules; }

  const PriorLayout& layout_;
  const std::vector<PriorBlock<Source>>& priors_;
  std::atomic<bool> failed_{false};
};

}  // namespace emnesy::bp
