// Markov chains over the worlds that agree with the evidence; posterior marginals from their single-choice conditionals.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "emnesy/engine.hpp"
#include "emnesy/simulator.hpp"

namespace emnesy {

namespace gibbs {
struct Plan;
}

struct GibbsOptions {
  Task task = Task::Marginals;  // or Sample: the first chain's last world
  int threads = 1;
  std::uint64_t seed = 0;
  int chains = 4;
  int sweeps = 200;
  int burn_in = 100;            // of chains that do not continue
  double tolerance = 1.05;      // greatest R-hat of an example that counts as converged
};

// Where the chains of each example are: row-major, an example's chains together. Read and written.
struct GibbsState {
  std::int32_t* values = nullptr;     // examples x chains x choices; -1: the chain has no world yet
  double* block = nullptr;            // examples x chains
  std::int64_t* position = nullptr;   // examples x chains: of the chain's random numbers
  std::int32_t* trace = nullptr;      // examples x chains x sweeps x choices: every world of the answer; null: not wanted
};

// One entry per example.
struct GibbsDiagnostics {
  double* r_hat = nullptr;
  double* effective_samples = nullptr;
  double* acceptance = nullptr;
  double* block = nullptr;
  std::uint8_t* proved = nullptr;     // evidence is known to be impossible, not merely unexplained by the search
  std::uint8_t* recognised = nullptr; // every conditional at once, by the structure of the program
};

// Immutable; may be called from several threads at once.
class Gibbs {
 public:
  // Throws std::invalid_argument where the layout does not fit.
  Gibbs(std::shared_ptr<const Simulator> simulator, PriorLayout layout);
  ~Gibbs();

  bool recognises_paths() const;
  const Simulator& simulator() const;
  const PriorLayout& layout() const { return layout_; }

  // log_evidence is an upper bound, minus the sum of the choices' divergences KL(posterior || prior).
  // Throws NoFixpoint.
  template <typename Real>
  void run(const std::vector<PriorBlock<Real>>& priors, std::int64_t batch, const EvidenceView& evidence,
           const GibbsOptions& options, const std::vector<PosteriorBlock<Real>>& posteriors, const ExampleResults<Real>& results,
           const GibbsState& state, const GibbsDiagnostics& diagnostics) const;

 private:
  PriorLayout layout_;
  std::unique_ptr<const gibbs::Plan> plan_;
};

}  // namespace emnesy
