// Bundles of 16 floats or 8 doubles, compiled for AVX-512.
#define EMNESY_ISA avx512
#define EMNESY_ISA_NEEDS_TARGET
#include "bp/bundle_api.hpp"
#include "bp/isa.hpp"

#if EMNESY_LANES_X86
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")
#define EMNESY_ISA_TARGET_SET
#include "bp/bundle.hpp"

namespace emnesy::bp {

std::unique_ptr<BundleWorker<float>> make_avx512_float(const Plan& plan, const FactorGraph& graph) {
  return std::unique_ptr<BundleWorker<float>>(new Bundle<float, 16>(plan, graph));
}

std::unique_ptr<BundleWorker<double>> make_avx512_double(const Plan& plan, const FactorGraph& graph) {
  return std::unique_ptr<BundleWorker<double>>(new Bundle<double, 8>(plan, graph));
}

}  // namespace emnesy::bp
#pragma GCC pop_options
#endif
