#include "bp/prior_check.hpp"

#include <algorithm>

#include "thread_pool.hpp"

namespace emnesy::bp {

template <typename Source>
bool PriorCheck<Source>::look(std::int64_t first, std::int64_t count) {
  for (std::size_t b = 0; b < rules().size() && !failed(); ++b) {
    const PriorBlock<Source>& block = priors_[b];
    const std::int64_t size = layout_.block_size[b];
    const std::int64_t rows = block.example_stride == 0 ? std::min<std::int64_t>(count, 1) : count;
    for (std::int64_t i = 0; i < rows; ++i) {
      const Source* row = block.data + (first + i) * block.example_stride;
      if (first_invalid_prior(rules()[b], row, 1, size).example >= 0) failed_.store(true, std::memory_order_relaxed);
    }
  }
  return !failed();
}

template <typename Source>
void PriorCheck<Source>::look_at_all(std::int64_t batch, int threads) {
  std::int64_t size = 1;
  for (std::size_t b = 0; b < rules().size(); ++b) size += layout_.block_size[b];
  const std::int64_t chunk = std::max<std::int64_t>(1, 8192 / size);  // a few microseconds' worth
  parallel_for(batch, threads < 2 ? batch : chunk, threads, [&](std::int64_t begin, std::int64_t end, int) { look(begin, end - begin); });
  if (failed()) throw InvalidPriors();
}

template class PriorCheck<float>;
template class PriorCheck<double>;

}  // namespace emnesy::bp
