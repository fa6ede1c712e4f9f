// Bundles of 8 floats or 4 doubles, compiled for AVX2.
#define EMNESY_ISA avx2
#define EMNESY_ISA_NEEDS_TARGET
#include "bp/bundle_api.hpp"
#include "bp/isa.hpp"

#if EMNESY_LANES_X86
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#define EMNESY_ISA_TARGET_SET
#include "bp/bundle.hpp"

namespace emnesy::bp {

std::unique_ptr<BundleWorker<float>> make_avx2_float(const Plan& plan, const FactorGraph& graph) {
  return std::unique_ptr<BundleWorker<float>>(new Bundle<float, 8>(plan, graph));
}

std::unique_ptr<BundleWorker<double>> make_avx2_double(const Plan& plan, const FactorGraph& graph) {
  return std::unique_ptr<BundleWorker<double>>(new Bundle<double, 4>(plan, graph));
}

}  // namespace emnesy::bp
#pragma GCC pop_options
#endif
