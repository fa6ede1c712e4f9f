#include "factors/subsets.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

namespace emnesy::factors {
namespace {

std::int32_t size_of(std::uint32_t subset) {
  std::int32_t count = 0;
  for (; subset != 0; subset &= subset - 1) ++count;
  return count;
}

Subsets make(std::int32_t symbols, std::int32_t layers) {
  Subsets result;
  result.symbols = symbols;
  result.layers = layers;
  std::vector<std::vector<std::uint32_t>> layer(static_cast<std::size_t>(layers) + 1);
  std::vector<std::uint16_t> number(std::size_t{1} << symbols, 0);
  for (std::uint32_t subset = 0; subset < (1u << symbols); ++subset) {
    const std::int32_t size = size_of(subset);
    if (size > layers) continue;
    number[subset] = static_cast<std::uint16_t>(layer[size].size());
    layer[size].push_back(subset);
  }
  result.layer_begin.push_back(0);
  for (std::int32_t l = 0; l <= layers; ++l) {
    const auto count = static_cast<std::int32_t>(layer[l].size());
    result.layer_begin.push_back(result.layer_begin.back() + count);
    result.widest = std::max(result.widest, count);
    result.below_begin.push_back(static_cast<std::int64_t>(result.below.size()));
    result.above_begin.push_back(static_cast<std::int64_t>(result.above.size()));
    for (const std::uint32_t subset : layer[l]) {
      for (std::int32_t v = 0; v < symbols; ++v) {
        const auto symbol = static_cast<std::uint16_t>(v);
        const std::uint32_t bit = 1u << v;
        if ((subset & bit) != 0) {
          result.below.push_back({symbol, number[subset ^ bit]});
        } else if (l < layers) {
          result.above.push_back({symbol, number[subset | bit]});
        }
      }
    }
  }
  return result;
}

}  // namespace

std::shared_ptr<const Subsets> subsets_of(std::int32_t symbols, std::int32_t layers) {
  static std::mutex mutex;
  static std::map<std::pair<std::int32_t, std::int32_t>, std::weak_ptr<const Subsets>> known;
  const std::lock_guard<std::mutex> lock(mutex);
  std::weak_ptr<const Subsets>& entry = known[{symbols, layers}];
  std::shared_ptr<const Subsets> subsets = entry.lock();
  if (!subsets) entry = subsets = std::make_shared<const Subsets>(make(symbols, layers));
  return subsets;
}

}  // namespace emnesy::factors
