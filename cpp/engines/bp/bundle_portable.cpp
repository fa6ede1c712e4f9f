// Bundles of 4 floats or 2 doubles, in the instructions that every machine has; and the choice among all bundles.
#include "bp/bundle.hpp"

namespace emnesy::bp {

#if EMNESY_LANES
std::unique_ptr<BundleWorker<float>> make_portable_float(const Plan& plan, const FactorGraph& graph) {
  return std::unique_ptr<BundleWorker<float>>(new Bundle<float, 4>(plan, graph));
}

std::unique_ptr<BundleWorker<double>> make_portable_double(const Plan& plan, const FactorGraph& graph) {
  return std::unique_ptr<BundleWorker<double>>(new Bundle<double, 2>(plan, graph));
}
#endif

namespace {

template <typename Source>
std::vector<LaneBackend<Source>> find_backends() {
  constexpr bool single = std::is_same_v<Source, float>;
  std::vector<LaneBackend<Source>> found;
#if EMNESY_LANES_X86
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma")) {
    if constexpr (single) found.push_back({"avx512", 16, make_avx512_float});
    if constexpr (!single) found.push_back({"avx512", 8, make_avx512_double});
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    if constexpr (single) found.push_back({"avx2", 8, make_avx2_float});
    if constexpr (!single) found.push_back({"avx2", 4, make_avx2_double});
  }
#endif
#if EMNESY_LANES
  if constexpr (single) found.push_back({"portable", 4, make_portable_float});
  if constexpr (!single) found.push_back({"portable", 2, make_portable_double});
#endif
  return found;
}

}  // namespace

template <typename Source>
const std::vector<LaneBackend<Source>>& lane_backends() {
  static const std::vector<LaneBackend<Source>> found = find_backends<Source>();
  return found;
}

template const std::vector<LaneBackend<float>>& lane_backends<float>();
template const std::vector<LaneBackend<double>>& lane_backends<double>();

}  // namespace emnesy::bp
