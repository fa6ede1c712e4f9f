// Bundles of examples, computed together: what the translation units for each instruction set offer.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>
// All standard headers that code for other instructions needs: included before any `target` pragma, so that no
// standard template is compiled for instructions that the machine may lack.

#include "bp/denormals.hpp"
#include "bp/plan.hpp"
#include "bp/prior_check.hpp"
#include "emnesy/engine.hpp"
#include "emnesy/factor_graph.hpp"
#include "team.hpp"

namespace emnesy::bp {

// One call of the engine.
template <typename Source>
struct Call {
  const std::vector<PriorBlock<Source>>& priors;
  const EvidenceView& evidence;
  const Options& options;
  const std::vector<PosteriorBlock<Source>>& posteriors;
  const ExampleResults<Source>& results;
  const MessageView<Source>& messages;
  bool beliefs;  // posteriors or queries are wanted, not the log-evidence alone
  Team* team;    // threads that share the work on each example; null: none
  PriorCheck<Source>* check;  // null: priors are taken on trust
};

template <typename Source>
class BundleWorker {
 public:
  virtual ~BundleWorker() = default;
  // Answers examples first .. first + count - 1, count <= width. Bit i of the result: example first + i is answered.
  // The others, whose messages this type of number cannot hold, are left for somebody else. Where the check of the
  // priors fails no answer means anything.
  virtual std::uint64_t run(const Call<Source>& call, std::int64_t first, int count) = 0;
  // Before the first bundle of a call.
  virtual void start(const Call<Source>& call) = 0;
};

template <typename Source>
struct LaneBackend {
  const char* name;
  int width;
  std::unique_ptr<BundleWorker<Source>> (*make)(const Plan& plan, const FactorGraph& graph);
};

// Those that this machine can run, the widest first.
template <typename Source>
const std::vector<LaneBackend<Source>>& lane_backends();

std::unique_ptr<BundleWorker<float>> make_avx512_float(const Plan& plan, const FactorGraph& graph);
std::unique_ptr<BundleWorker<double>> make_avx512_double(const Plan& plan, const FactorGraph& graph);
std::unique_ptr<BundleWorker<float>> make_avx2_float(const Plan& plan, const FactorGraph& graph);
std::unique_ptr<BundleWorker<double>> make_avx2_double(const Plan& plan, const FactorGraph& graph);
std::unique_ptr<BundleWorker<float>> make_portable_float(const Plan& plan, const FactorGraph& graph);
std::unique_ptr<BundleWorker<double>> make_portable_double(const Plan& plan, const FactorGraph& graph);

}  // namespace emnesy::bp
